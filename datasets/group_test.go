package datasets

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// makeTiles makes an MTD folder of tiles with three photos each, 40 apart; of the last ones each has a photo with a defect.
func makeTiles(t *testing.T, free, flawed int) string {
	var paths []string
	for tile := range free + flawed {
		for photo := range 3 {
			folder := "MT_Free"
			if tile >= free && photo == 0 {
				folder = "MT_Crack"
			}
			name := fmt.Sprintf("%s/Imgs/exp%d_num_%d", folder, photo, 1000*tile+40*photo)
			paths = append(paths, name+".jpg", name+".png")
		}
	}
	return makeFiles(t, paths...)
}

// sharedParts are the parts that stand on both sides.
func sharedParts(a, b Set) []string {
	var shared []string
	trained := partsOf(a)
	for part := range partsOf(b) {
		if trained[part] {
			shared = append(shared, part)
		}
	}
	return shared
}

func TestMTDDividesByTile(t *testing.T) {
	root := makeTiles(t, 20, 2)
	trained := map[string]bool{}
	for seed := range int64(8) {
		d, err := MTD(root, Seed(seed))
		if err != nil {
			t.Fatal(err)
		}
		if shared := sharedParts(d.Train, d.Test); len(shared) > 0 {
			t.Errorf("seed %d: the tiles %v train and test", seed, shared)
		}
		// 20·3 + 2·2 normal images; four fifths are 51, which are 17 whole tiles.
		if len(d.Train) != 51 || len(d.Test) != 15 || d.Test.Anomalous() != 2 {
			t.Errorf("seed %d: %d train, %d test, %d anomalous", seed, len(d.Train), len(d.Test), d.Test.Anomalous())
		}
		for part := range partsOf(d.Train) {
			trained[part] = true
		}
		if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, "51 normal images of 17 parts train, 13 of 5 parts test (4 of them show parts that have defects)") {
			t.Errorf("the notes are %q", notes)
		}
	}
	if len(trained) != 20 || trained["tile 20000"] || !trained["tile 19000"] {
		t.Errorf("eight seeds train on the tiles %v", trained)
	}
}

// Where tiles with defects leave too few normal images, the notes say so.
func TestTilesWithDefectsNeverTrain(t *testing.T) {
	d, err := MTD(makeTiles(t, 4, 6))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Train) != 9 && len(d.Train) != 12 || !strings.Contains(strings.Join(d.Notes, ""), "four fifths would be 19") {
		t.Errorf("%d images train; notes %q", len(d.Train), d.Notes)
	}
	if _, err := MTD(makeTiles(t, 0, 3)); err == nil || !strings.Contains(err.Error(), "all 6 normal images show parts that anomalous images show") {
		t.Errorf("with defects on every tile: %v", err)
	}
}

func TestGapAboveEightySeparatesTiles(t *testing.T) {
	root := makeFiles(t, "MT_Free/Imgs/exp1_num_100.jpg", "MT_Free/Imgs/exp2_num_180.jpg", "MT_Free/Imgs/exp3_num_261.jpg",
		"MT_Fray/Imgs/exp4_num_262.jpg", "MT_Fray/Imgs/exp4_num_262.png", "MT_Free/Imgs/plain.jpg")
	normal, abnormal, err := listMTD(root)
	if err != nil {
		t.Fatal(err)
	}
	groupTiles(normal, abnormal)
	got := fmt.Sprint(append(normal, abnormal...).Parts())
	if want := "[tile 100 tile 100 tile 261 MT_Free/Imgs/plain.jpg tile 261]"; got != want {
		t.Errorf("tiles %s, want %s", got, want)
	}
}

func TestMTDPublishedDivision(t *testing.T) {
	listed := parseSplit(mtdPublished)
	if len(listed) != 761 {
		t.Fatalf("the published list has %d names", len(listed))
	}
	root := makeTiles(t, 2, 1)
	if _, err := MTD(root, Split(Published)); err == nil || !strings.Contains(err.Error(), "none of the 761 images") {
		t.Errorf("without any listed image: %v", err)
	}
	// Two listed photos, and an unlisted one of the first photo's tile.
	number := strings.SplitAfter(listed[0].path, "num_")[1]
	for _, name := range []string{listed[0].path, listed[1].path, "exp9_num_" + number} {
		writeFile(t, filepath.Join(root, "MT_Free/Imgs", name), imageBytes(t, name))
	}
	d, err := MTD(root, Split(Published))
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(d.Notes, "\n")
	if len(d.Train) != 2 || !strings.Contains(notes, "2 of the 761 images") || !strings.Contains(notes, "1 of 9 normal and 0 of 1 anomalous test images show a part that training images show too") {
		t.Errorf("%d images train; notes %q", len(d.Train), notes)
	}
	list := filepath.Join(root, "list.txt")
	writeFile(t, list, []byte(listed[0].path+"\nexp0_num_2000\n"))
	if _, err := MTD(root, Split(list)); err == nil || !strings.Contains(err.Error(), "MT_Crack/Imgs/exp0_num_2000.jpg for training, which has a defect") {
		t.Errorf("a list with a defective image: %v", err)
	}
}

func TestGroupsOption(t *testing.T) {
	var paths []string
	for part := range 10 {
		for view := range 4 {
			paths = append(paths, fmt.Sprintf("ok/part%02d_view%d.png", part, view))
		}
	}
	root := makeFiles(t, append(paths, "ng/part03_view9.png", "ng/loose.png")...)
	for _, pattern := range []string{`part(\d+)`, `part\d+`} {
		d, err := Folder(root, Groups(pattern), Seed(5))
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Train) != 32 || len(sharedParts(d.Train, d.Test)) > 0 {
			t.Errorf("%s: %d images train, %v stand on both sides", pattern, len(d.Train), sharedParts(d.Train, d.Test))
		}
		rest, held := d.Train.HoldOut(0.25, 1)
		if len(held) != 8 || len(sharedParts(rest, held)) > 0 {
			t.Errorf("%s: %d images held out, %v on both sides", pattern, len(held), sharedParts(rest, held))
		}
	}
	for pattern, want := range map[string]string{"(": "pattern of the groups", "tile": `"tile" of the groups matches in no image's name`} {
		if _, err := Folder(root, Groups(pattern)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pattern %q: %v", pattern, err)
		}
	}
	divided := makeFiles(t, "pill/train/good/7a.png", "pill/test/good/7b.png", "pill/test/good/8.png")
	d, err := MVTec(divided, Class("pill"), Groups(`\d+`))
	if err != nil || !strings.Contains(strings.Join(d.Notes, ""), "1 of 2 normal and 0 of 0 anomalous test images show a part") {
		t.Errorf("a division that was given: %v, %v", d, err)
	}
}

// Of two parts one always tests, and a part that is too large for its side goes to the other.
func TestDivideKeepsPartsWhole(t *testing.T) {
	for _, sizes := range [][]int{{1}, {6}, {5, 5}, {9, 1}, {1, 9}, {3, 3, 3}, {1, 1, 1, 1, 20}, {2, 7, 2, 4, 1, 1, 6}} {
		var set Set
		for part, n := range sizes {
			for i := range n {
				set = append(set, Sample{Name: fmt.Sprint(part, "/", i), Group: fmt.Sprint("part ", part)})
			}
		}
		for seed := range int64(10) {
			for n := range len(set) + 1 {
				first, second := set.divide(n, seed, nil)
				if len(first)+len(second) != len(set) || len(sharedParts(first, second)) > 0 {
					t.Fatalf("%v: %d and %d images, %v on both sides", sizes, len(first), len(second), sharedParts(first, second))
				}
				if len(sizes) > 1 && n < len(set) && len(second) == 0 {
					t.Fatalf("%v: all of %d images are first, where %d were wanted", sizes, len(set), n)
				}
			}
		}
	}
}
