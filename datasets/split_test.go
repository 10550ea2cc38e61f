package datasets

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// makeMTD makes a folder of two tiles with defects and some without, one photo each.
func makeMTD(t *testing.T, free int) string {
	paths := []string{"MT_Blowhole/Imgs/1.jpg", "MT_Blowhole/Imgs/1.png", "MT_Fray/Imgs/2.jpg", "MT_Fray/Imgs/2.png", "saliency/1.jpg"}
	for i := range free {
		paths = append(paths, fmt.Sprintf("MT_Free/Imgs/exp1_num_%02d00.jpg", i), fmt.Sprintf("MT_Free/Imgs/exp1_num_%02d00.png", i))
	}
	return makeFiles(t, paths...)
}

func names(s Set) []string {
	var list []string
	for _, sample := range s {
		list = append(list, stem(sample.Name))
	}
	return list
}

func TestMTDDividesFourToOne(t *testing.T) {
	root := makeMTD(t, 20)
	d, err := MTD(root, Seed(3))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Train) != 16 || len(d.Test) != 4+2 || d.Test.Anomalous() != 2 || d.Train.Anomalous() != 0 {
		t.Fatalf("%d train, %d test, %d of them anomalous", len(d.Train), len(d.Test), d.Test.Anomalous())
	}
	if got := strings.Join(d.Test.Defects(), ","); got != "blowhole,fray" {
		t.Errorf("defects %s", got)
	}
	_, mask, err := d.Test[4].Load(0, 0)
	if err != nil || mask.Area() != markedPixels {
		t.Errorf("mask of %s: %v, %v: only what is above 127 counts", d.Test[4].Name, mask, err)
	}
	again, _ := MTD(root, Seed(3))
	other, _ := MTD(root, Seed(4))
	if a, b, c := fmt.Sprint(names(d.Train)), fmt.Sprint(names(again.Train)), fmt.Sprint(names(other.Train)); a != b || a == c {
		t.Errorf("the seed does not decide:\n%s\n%s\n%s", a, b, c)
	}
}

func TestMTDSplitFile(t *testing.T) {
	root := makeMTD(t, 5)
	list := filepath.Join(root, "train.txt")
	writeFile(t, list, []byte("\ufeff# published split\r\nMT_Free/Imgs/exp1_num_0300.jpg\r\n\r\nexp1_num_0100\r\nexp1_num_0300.png # again\r\n"))
	d, err := MTD(root, Split(list))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(names(d.Train)); got != "[exp1_num_0100 exp1_num_0300]" {
		t.Errorf("trains on %s", got)
	}
	if len(d.Test) != 3+2 {
		t.Errorf("%d test images", len(d.Test))
	}
}

func TestSplitFileErrors(t *testing.T) {
	root := makeFiles(t, "good/1.png", "good/2.png", "bad/3.png")
	list := filepath.Join(root, "train.txt")
	writeFile(t, list, []byte("1\nexp9_num_09.jpg\n3.png\n"))
	_, err := Folder(root, Split(list))
	for _, want := range []string{"train.txt:2", "exp9_num_09", "2 of the 3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	var skipped []string
	d, err := Folder(root, Split(list), SkipBad(func(name string, _ error) { skipped = append(skipped, name) }))
	if err != nil || len(d.Train) != 1 || fmt.Sprint(skipped) != "[exp9_num_09.jpg 3.png]" {
		t.Errorf("with SkipBad: %v, skipped %v", err, skipped)
	}
	writeFile(t, list, []byte("# nothing\n"))
	if _, err := Folder(root, Split(list)); err == nil || !strings.Contains(err.Error(), "lists no image") {
		t.Errorf("an empty list: %v", err)
	}
	if _, err := Folder(root, Split(filepath.Join(root, "none.txt"))); err == nil || !strings.Contains(err.Error(), "none.txt") {
		t.Errorf("a missing list: %v", err)
	}
}

func TestUselessOptionIsAnError(t *testing.T) {
	root := makeMTD(t, 5)
	for _, o := range []Option{Class("x"), Counts(1, 1, 1), Masks("m"), Size(0), SizeHW(4, -1)} {
		if _, err := MTD(root, o); err == nil {
			t.Error("no error")
		}
	}
	if _, err := Open("mtdd", root); err == nil || !strings.Contains(err.Error(), "mvtec") {
		t.Errorf("an unknown kind: %v", err)
	}
}

func FuzzParseSplit(f *testing.F) {
	f.Add("MT_Free/Imgs/exp1_num_1.jpg\nexp1_num_2\r\n# c\n\n..\\x.png")
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]bool{}
		for _, n := range parseSplit(text) {
			if n.path == "" || seen[n.path] || strings.ContainsAny(n.path, "\\\n") || n.line < 1 {
				t.Fatalf("%q gives %+v", text, n)
			}
			seen[n.path] = true
		}
	})
}
