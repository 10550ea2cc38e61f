package datasets

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// summary is a data set in few words: its name and each sample as name=defect, with the number of its marked pixels.
func summary(t *testing.T, d *Data) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", d.Name, strings.Join(d.Classes, ","))
	for _, part := range []struct {
		name string
		set  Set
	}{{"train", d.Train}, {"validation", d.Validation}, {"test", d.Test}} {
		for _, s := range part.set {
			fmt.Fprintf(&b, "%s %s %s", part.name, s.Name, s.Defect)
			if s.Anomalous != (s.Defect != Good) {
				t.Errorf("%s: anomalous %v, defect %s", s.Name, s.Anomalous, s.Defect)
			}
			_, mask, err := s.Load(0, 0)
			switch {
			case err != nil:
				t.Errorf("%s: %v", s.Name, err)
			case mask == nil:
				b.WriteString(" unknown")
			case s.Anomalous || mask.Area() > 0:
				fmt.Fprintf(&b, " %d", mask.Area())
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

var layoutCases = []struct {
	name  string
	kind  string
	class string
	files []string
	want  string
}{
	{
		"MVTec AD", "mvtec", "hazelnut",
		[]string{
			"hazelnut/train/good/000.png", "hazelnut/train/good/001.png", "hazelnut/train/good/.hidden.png",
			"hazelnut/test/good/000.png", "hazelnut/test/crack/000.png", "hazelnut/test/hole/010.png",
			"hazelnut/ground_truth/crack/000_mask.png", "hazelnut/ground_truth/hole/010_mask.png", "pill/train/good/000.png",
		}, `
mvtec/hazelnut hazelnut
train hazelnut/train/good/000.png good
train hazelnut/train/good/001.png good
test hazelnut/test/crack/000.png crack 6
test hazelnut/test/good/000.png good
test hazelnut/test/hole/010.png hole 6
`,
	},
	{
		"VisA prepared", "visa", "candle",
		[]string{
			"1cls/candle/train/good/0000.JPG", "1cls/candle/test/good/0001.JPG", "1cls/candle/test/bad/000.JPG",
			"1cls/candle/ground_truth/bad/000.png",
		}, `
visa/candle candle
train candle/train/good/0000.JPG good
test candle/test/bad/000.JPG bad 6
test candle/test/good/0001.JPG good
`,
	},
	{
		"BTAD", "btad", "01",
		[]string{"01/train/ok/0000.bmp", "01/test/ok/0001.bmp", "01/test/ko/0000.bmp", "01/ground_truth/ko/0000.png"}, `
btad/01 01
train 01/train/ok/0000.bmp good
test 01/test/ko/0000.bmp ko 6
test 01/test/ok/0001.bmp good
`,
	},
	{
		"MVTec LOCO, several masks an image", "loco", "juice",
		[]string{
			"juice/train/good/000.png", "juice/validation/good/000.png", "juice/test/good/000.png",
			"juice/test/logical_anomalies/000.png", "juice/ground_truth/logical_anomalies/000/000.png",
			"juice/ground_truth/logical_anomalies/000/001.png",
		}, `
loco/juice juice
train juice/train/good/000.png good
validation juice/validation/good/000.png good
test juice/test/good/000.png good
test juice/test/logical_anomalies/000.png logical_anomalies 6
`,
	},
	{
		"MVTec AD 2", "mvtec2", "can",
		[]string{
			"can/train/good/000_regular.png", "can/validation/good/000_regular.png", "can/test_public/good/001.png",
			"can/test_public/bad/000_regular.png", "can/test_public/ground_truth/bad/000_regular_mask.png", "can/test_private/000.png",
		}, `
mvtec2/can can
train can/train/good/000_regular.png good
validation can/validation/good/000_regular.png good
test can/test_public/bad/000_regular.png bad 6
test can/test_public/good/001.png good
`,
	},
	{
		"DAGM", "dagm", "Class1",
		[]string{
			"Class1/Train/0001.PNG", "Class1/Train/0002.PNG", "Class1/Train/Label/0002_label.PNG", "Class1/Test/0003.PNG",
			"Class1/Test/0004.PNG", "Class1/Test/Label/0004_label.PNG",
		}, `
dagm/Class1 Class1
train Class1/Train/0001.PNG good
test Class1/Test/0003.PNG good
test Class1/Test/0004.PNG defect 6
`,
	},
	{
		"a folder with masks", "folder", "",
		[]string{
			"normal/1.jpg", "normal/deeper/2.jpg", "normal/3.JPEG", "abnormal/scratch/1.jpg", "abnormal/2.png", "abnormal/notes.txt.jpg",
			"masks/scratch/1.png", "masks/2_mask.jpg", "masks/notes.txt.png",
		}, `
train normal/1.jpg good
train normal/3.JPEG good
test normal/deeper/2.jpg good
test abnormal/2.png abnormal 6
test abnormal/notes.txt.jpg abnormal 6
test abnormal/scratch/1.jpg scratch 6
`,
	},
	{
		"a folder without masks", "folder", "",
		[]string{"good/1.bmp", "good/2.bmp", "good/3.bmp", "bad/1.bmp"}, `
train good/1.bmp good
train good/2.bmp good
test good/3.bmp good
test bad/1.bmp bad unknown
`,
	},
	{
		"a folder of normal images only", "folder", "",
		[]string{"ok/1.png", "ok/2.png", "ok/3.png"}, `
train ok/1.png good
train ok/2.png good
test ok/3.png good
`,
	},
	{
		"a divided folder without masks", "folder", "",
		[]string{"train/1.png", "test/good/1.png", "test/dent/1.png"}, `
train train/1.png good
test test/dent/1.png dent unknown
test test/good/1.png good
`,
	},
	{
		"a divided folder with masks", "folder", "",
		[]string{"train/normal/1.png", "test/normal/1.png", "test/dent/1.png", "masks/dent/1.png"}, `
train train/normal/1.png good
test test/dent/1.png dent 6
test test/normal/1.png good
`,
	},
}

func TestLayouts(t *testing.T) {
	for _, c := range layoutCases {
		t.Run(c.name, func(t *testing.T) {
			root := makeFiles(t, c.files...)
			if kind, err := Detect(root); kind != c.kind {
				t.Errorf("detected as %q: %v", kind, err)
			}
			var opts []Option
			if c.class != "" {
				opts = append(opts, Class(c.class))
			}
			d, err := Open(c.kind, root, opts...)
			if err != nil {
				t.Fatal(err)
			}
			got := summary(t, d)
			if c.kind == "folder" { // its name and class are the temporary folder's
				base := filepath.Base(root)
				_, got, _ = strings.Cut(strings.ReplaceAll(got, " "+base+"/", " "), "\n")
			}
			if want := strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if _, err := Check(context.Background(), d, Pixels); err != nil {
				t.Error(err)
			}
		})
	}
}

// One class folder given in place of the whole data set needs no class.
func TestClassFolderNeedsNoClass(t *testing.T) {
	root := makeFiles(t, "pill/train/good/0.png", "pill/test/good/1.png")
	d, err := MVTec(filepath.Join(root, "pill"))
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "mvtec/pill" || len(d.Train) != 1 || len(d.Test) != 1 {
		t.Errorf("got %s with %d and %d images", d.Name, len(d.Train), len(d.Test))
	}
}

func TestClassesAreListed(t *testing.T) {
	root := makeFiles(t, "pill/train/good/0.png", "cable/train/good/1.png", "license/readme.png")
	classes, err := Classes("MVTec", root)
	if err != nil || strings.Join(classes, ",") != "cable,pill" {
		t.Errorf("Classes: %v, %v", classes, err)
	}
	for _, opts := range [][]Option{nil, {Class("bottle")}} {
		_, err = MVTec(root, opts...)
		if err == nil || !strings.Contains(err.Error(), "one of cable, pill") {
			t.Errorf("opening: %v", err)
		}
	}
}

func TestKolektorReadsLabelsFromMasks(t *testing.T) {
	root := makeFiles(t, "train/1.png", "train/2.png", "train/2_GT.png", "test/3.png", "test/4.png", "test/4_GT.png")
	for _, clean := range []string{"train/1_GT.png", "test/3_GT.png"} {
		writeFile(t, filepath.Join(root, clean), blankPNG(t, fileW, fileH, 0))
	}
	if kind, err := Detect(root); kind != "ksdd2" {
		t.Errorf("detected as %q: %v", kind, err)
	}
	d, err := Open("ksdd2", root)
	if err != nil {
		t.Fatal(err)
	}
	const want = "ksdd2 surface\ntrain train/1.png good\ntest test/3.png good\ntest test/4.png defect 6\n"
	if got := summary(t, d); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestDetectOtherFolders(t *testing.T) {
	for want, root := range map[string]string{"mtd": makeMTD(t, 1), "mstc": makeMSTC(t), "visa": makeVisA(t, visaLines)} {
		if kind, err := Detect(root); kind != want {
			t.Errorf("%s detected as %q: %v", want, kind, err)
		}
	}
	if _, err := Detect(t.TempDir()); err == nil || !strings.Contains(err.Error(), "normal") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Detect("no such folder"); err == nil {
		t.Error("a folder that does not exist is detected")
	}
}
