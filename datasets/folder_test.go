package datasets

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// link makes a symbolic link below root; target is relative to the link.
func link(t *testing.T, root, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
		t.Fatal(err)
	}
}

// Folders that could be read in two ways are refused, with the folder's name and what is unclear.
func TestAmbiguousFoldersAreRefused(t *testing.T) {
	good := []string{"good/1.png", "good/2.png", "good/3.png"}
	for _, c := range []struct {
		name  string
		files []string
		opts  []Option
		want  string
	}{
		{"the abnormal folder in the normal one", append(good, "good/bad/4.png"), nil, "bad within"},
		{"named, in the normal one", append(good, "good/x/4.png"), []Option{Normal("good"), Abnormal("good/x")}, "contains that of anomalous images"},
		{"the whole as normal", append(good, "bad/4.png"), []Option{Normal(".")}, "contains that of anomalous images"},
		{"one for both", good, []Option{Normal("good"), Abnormal("good")}, "contains that of"},
		{"masks among the defects", append(good, "bad/4.png", "bad/masks/4.png"), nil, "masks within"},
		{"masks within the defects", append(good, "bad/4.png", "bad/x/4.png"), []Option{Masks("bad/x")}, "contains that of masks"},
		{"normal ones among the defects", append(good, "NG/4.png", "NG/OK/5.png"), nil, "OK within"},
		{"two normal folders", append(good, "OK/4.png"), nil, "OK and good"},
		{"two abnormal folders", append(good, "bad/4.png", "ko/5.png"), nil, "bad and ko"},
		{"defects in the training folder", []string{"train/1.png", "train/ng/2.png", "test/good/3.png"}, nil, "ng within"},
		{"images directly in test", []string{"train/good/1.png", "test/2.png", "test/good/3.png"}, nil, "1 images lie directly in"},
		{"masks in test", []string{"train/good/1.png", "test/good/3.png", "test/dent/4.png", "test/masks/4.png"}, nil, "looks like a folder of masks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := makeFiles(t, c.files...)
			if d, err := Folder(root, c.opts...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, error %v", d, err)
			}
		})
	}
	root := makeFiles(t, "pill/train/good/1.png", "pill/test/2.png", "pill/test/good/3.png")
	if _, err := MVTec(root, Class("pill")); err == nil || !strings.Contains(err.Error(), "directly in") {
		t.Errorf("MVTec with images directly in test: %v", err)
	}
}

// A link of the normal folder to the abnormal one brings defects into the training set: the pictures give it away.
func TestLinkFromNormalToAbnormal(t *testing.T) {
	root := makeFiles(t, "good/1.png", "good/2.png", "bad/3.png")
	link(t, root, "../bad", "good/more")
	if _, err := Folder(root); err == nil || !strings.Contains(err.Error(), "cannot be both normal and anomalous") {
		t.Errorf("error %v", err)
	}
}

func TestCapitalNamesAreKnown(t *testing.T) {
	for _, files := range [][]string{
		{"OK/1.png", "OK/2.png", "NG/3.png", "Masks/3.png"},
		{"Good/1.png", "Good/2.png", "Defective/3.png", "GT/3_mask.png"},
		{"Train/OK/1.png", "Test/OK/2.png", "Test/NG/3.png", "Ground_Truth/NG/3_mask.png"},
	} {
		d, err := Folder(makeFiles(t, files...))
		if err != nil {
			t.Errorf("%v: %v", files, err)
			continue
		}
		if d.Test.Anomalous() != 1 || d.Train.Anomalous() != 0 || !d.Test.HasMasks() {
			t.Errorf("%v: %v", files, d)
		}
	}
	d, err := MVTec(makeFiles(t, "pill/train/good/1.png", "pill/test/Good/2.png"), Class("pill"))
	if err != nil || d.Test.Anomalous() != 0 {
		t.Errorf("MVTec with test/Good: %v, %v", d, err)
	}
}

func TestNotesSayWhatWasTaken(t *testing.T) {
	root := makeFiles(t, "OK/1.png", "OK/2.png", "scratched/3.png", "4.png")
	d, err := Folder(root)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(d.Notes, "\n")
	for _, want := range []string{"normal images: the 2 in " + filepath.Join(root, "OK"), "anomalous ones: none; masks: none",
		"not used in " + root + ": the folders scratched", "not used: 1 images that lie directly in"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes do not say %q:\n%s", want, notes)
		}
	}
	root = makeFiles(t, "train/ok/1.png", "train/odd/2.png", "test/ok/3.png", "test/dent/4.png")
	if d, err = Folder(root); err != nil {
		t.Fatal(err)
	}
	notes = strings.Join(d.Notes, "\n")
	for _, want := range []string{"training images: " + filepath.Join(root, "train/ok"), "normal ones in ok", "not used in " + filepath.Join(root, "train") + ": the folders odd"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes do not say %q:\n%s", want, notes)
		}
	}
}

// A link to a folder above or beside it must not show its images again.
func TestLinksDoNotMultiplyImages(t *testing.T) {
	root := makeFiles(t, "good/1.png", "good/cam1/2.png", "good/cam2/3.png")
	link(t, root, ".", "good/again")
	link(t, root, "../../good", "good/cam1/up")
	link(t, root, "cam2", "good/Acam")
	d, err := Folder(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(append(names(d.Train), names(d.Test)...), " "); len(d.Train)+len(d.Test) != 3 {
		t.Errorf("images %s", got)
	}
	if notes := strings.Join(d.Notes, "\n"); strings.Count(notes, "is a link to a folder that is listed already") != 3 {
		t.Errorf("notes:\n%s", notes)
	}
	link(t, root, "/nowhere", "good/gone.png")
	if d, err = Folder(root); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(context.Background(), d, Pixels); err == nil || !strings.Contains(err.Error(), "gone.png") {
		t.Errorf("a broken link: %v", err)
	}
}

// A name in a list means the image in its folder, not one of the same name elsewhere.
func TestSplitTellsCamerasApart(t *testing.T) {
	root := makeFiles(t, "good/cam1/001.png", "good/cam1/002.png", "good/cam2/001.png", "good/cam2/003.jpg", "good/cam2/003.png")
	list := filepath.Join(root, "train.txt")
	for text, want := range map[string]string{
		"cam1/001.png":                    "cam1/001.png",
		"/data/good/cam2/001":             "cam2/001.png",
		"cam2\\003.jpg\ncam1/001.png # x": "cam1/001.png cam2/003.jpg",
		"002":                             "cam1/002.png",
		"001.png":                         `train.txt:1: "001.png" may be good/cam1/001.png or good/cam2/001.png`,
		"cam1/002\ncam2/003":              `train.txt:2: "cam2/003" may be`,
		"cam3/002.png":                    `"cam3/002.png" is no normal image`,
	} {
		writeFile(t, list, []byte(text))
		d, err := Folder(root, Split(list))
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		var got []string
		for _, s := range d.Train {
			got = append(got, strings.TrimPrefix(s.Name, "good/"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q trains on %v, want %s", text, got, want)
		}
	}
}

// Copies of one picture stay on one side of a division that is made here, and do not train where one was given.
func TestOnePictureIsOnOneSide(t *testing.T) {
	root := makeFiles(t, "good/1.png", "good/2.png", "good/3.png", "good/4.png", "good/5.png")
	for _, copied := range []string{"good/1b.png", "good/1c.png", "good/1d.png"} {
		writeFile(t, filepath.Join(root, copied), imageBytes(t, "good/1.png"))
	}
	for seed := range int64(20) {
		d, err := Folder(root, Seed(seed))
		if err != nil {
			t.Fatal(err)
		}
		if shared := sharedParts(d.Train, d.Test); len(shared) > 0 || strings.Contains(strings.Join(d.Notes, ""), "test images, such as") {
			t.Errorf("seed %d: %v on both sides, notes %q", seed, shared, d.Notes)
		}
		if n := strings.Count(strings.Join(names(d.Train), " "), "1"); n != 0 && n != 4 {
			t.Errorf("seed %d: %d of 4 copies train", seed, n)
		}
	}
	root = makeFiles(t, "pill/train/good/1.png", "pill/train/good/2.png", "pill/train/good/4.png", "pill/test/good/3.png", "pill/test/dent/5.png",
		"pill/ground_truth/dent/5_mask.png")
	writeFile(t, filepath.Join(root, "pill/test/good/copy.png"), imageBytes(t, "pill/train/good/2.png"))
	other, err := png.Decode(bytes.NewReader(imageBytes(t, "pill/train/good/4.png")))
	if err != nil {
		t.Fatal(err)
	}
	colour := image.NewNRGBA(other.Bounds())
	for i := range fileW * fileH {
		colour.Set(i%fileW, i/fileW, other.At(i%fileW, i/fileW))
	}
	writeFile(t, filepath.Join(root, "pill/test/dent/5.png"), encode(t, "x.png", colour))
	d, err := MVTec(root, Class("pill"))
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(d.Notes, ""); strings.Join(names(d.Train), " ") != "1 4" || !strings.Contains(notes, "train/good/2.png, which is pill/test/good/copy.png") {
		t.Errorf("trains on %v, notes %q", names(d.Train), notes)
	}
	report, err := Check(context.Background(), d, Pixels)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Twins) != 1 || report.Twins[0] != [2]string{"pill/train/good/4.png", "pill/test/dent/5.png"} || strings.Join(names(d.Train), " ") != "1" {
		t.Errorf("twins %v, trains on %v", report.Twins, names(d.Train))
	}
}
