package datasets

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// npyBytes is an array file of elements of the given type.
func npyBytes(descr, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	file := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(header)))...)
	return append(append(file, header...), data...)
}

func makeMSTC(t *testing.T) string {
	var paths []string
	for i := range 6 {
		paths = append(paths, fmt.Sprintf("training/frames/01_001/%03d.jpg", i), fmt.Sprintf("testing/frames/01_0014/%03d.jpg", i))
	}
	root := makeFiles(t, append(paths, "training/frames/02_001/000.jpg")...)
	labels := make([]byte, 6*8)
	labels[5*8+1] = 1 // 256 in the sixth 64-bit number
	pixels := make([]byte, 6*fileW*fileH)
	pixels[5*fileW*fileH+7] = 1
	writeFile(t, filepath.Join(root, "testing/test_frame_mask/01_0014.npy"), npyBytes("<i8", "(6,)", labels))
	writeFile(t, filepath.Join(root, "testing/test_pixel_mask/01_0014.npy"), npyBytes("|b1", fmt.Sprintf("(6, %d, %d)", fileH, fileW), pixels))
	return root
}

func TestMSTC(t *testing.T) {
	root := makeMSTC(t)
	d, err := Open("mstc", root, Class("01"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `mstc/01 01
train training/frames/01_001/000.jpg good
train training/frames/01_001/005.jpg good
test testing/frames/01_0014/000.jpg good
test testing/frames/01_0014/005.jpg event 1
`
	if got := summary(t, d); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, depth := range []Depth{Headers, Pixels} {
		if report, err := Check(context.Background(), d, depth); err != nil || len(report.EmptyMasks) != 0 {
			t.Errorf("check: %+v, %v", report, err)
		}
	}
	if all, err := MSTC(root); err != nil || len(all.Train) != 3 || len(all.Classes) != 2 {
		t.Errorf("all scenes: %v, %v", all, err)
	}
}

func TestMSTCBadArrays(t *testing.T) {
	for _, c := range []struct {
		file string
		data []byte
		want string
	}{
		{"frame", nil, "not a .npy file"},
		{"frame", npyBytes("<i8", "(6,)", make([]byte, 47)), "truncated"},
		{"frame", npyBytes("|u1", "(7,)", make([]byte, 7)), "video of 6 frames"},
		{"frame", npyBytes(">i8", "(6,)", make([]byte, 48)), "little-endian"},
		{"pixel", npyBytes("|b1", "(6, 3)", make([]byte, 18)), "shape [6 3]"},
		{"pixel", npyBytes("|b1", "(6, 16777216, 16777216)", nil), "truncated"},
		{"pixel", npyBytes("|b1", "(6, 1, 1, 1)", make([]byte, 6)), "dimensions"},
	} {
		root := makeMSTC(t)
		writeFile(t, filepath.Join(root, "testing/test_"+c.file+"_mask/01_0014.npy"), c.data)
		if _, err := MSTC(root); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "01_0014.npy") {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	root := makeMSTC(t)
	writeFile(t, filepath.Join(root, "testing/test_pixel_mask/01_0014.npy"), npyBytes("|b1", "(6, 2, 2)", make([]byte, 24)))
	d, err := MSTC(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(context.Background(), d, Headers); err == nil || !strings.Contains(err.Error(), "2×2 pixels, its image 12×8") {
		t.Errorf("a mask of another size: %v", err)
	}
}

func FuzzNPY(f *testing.F) {
	f.Add(npyBytes("|b1", "(2, 2, 2)", make([]byte, 8)))
	f.Add([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.npy")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		a, err := openNPY(path)
		if err != nil || a.shape[0] == 0 {
			return
		}
		if _, err := a.flags(a.shape[0] - 1); err != nil {
			t.Fatalf("header accepted, last item not readable: %v", err)
		}
	})
}
