package picture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

type resizeCase struct {
	Seed                  uint32
	From, To              [2]int
	Grey, RGB, Hard, Mask []byte
}

// lcgNoise is testdata/make_golden.py's noise.
func lcgNoise(seed uint32, n int) []uint8 {
	out := make([]uint8, n)
	for i := range out {
		seed = seed*1664525 + 1013904223
		out[i] = uint8(seed >> 24)
	}
	return out
}

func above127(pix []uint8, yes uint8) []uint8 {
	out := make([]uint8, len(pix))
	for i, v := range pix {
		if v > 127 {
			out[i] = yes
		}
	}
	return out
}

func readGolden(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestResizeEqualsPillow(t *testing.T) {
	var golden struct{ Cases []resizeCase }
	readGolden(t, "resize_golden.json", &golden)
	if len(golden.Cases) < 10 {
		t.Fatalf("only %d golden cases", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%v to %v", c.From, c.To), func(t *testing.T) { checkResize(t, c) })
	}
}

func checkResize(t *testing.T, c resizeCase) {
	w, h := c.From[0], c.From[1]
	grey, rgb := lcgNoise(c.Seed, w*h), lcgNoise(c.Seed+1000, 3*w*h)
	same := func(kind string, got, want []uint8) {
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%v\nwant\n%v", kind, got, want)
		}
	}
	same("grey", Resize(Raster{W: w, H: h, Ch: 1, Pix: grey}, c.To[0], c.To[1]).Pix, c.Grey)
	same("rgb", Resize(Raster{W: w, H: h, Ch: 3, Pix: rgb}, c.To[0], c.To[1]).Pix, c.RGB)
	same("hard", Resize(Raster{W: w, H: h, Ch: 3, Pix: above127(rgb, 255)}, c.To[0], c.To[1]).Pix, c.Hard)
	same("mask", Nearest(above127(grey, 1), w, h, c.To[0], c.To[1]), c.Mask)
}

// A window at the border must not lose or invent light: a flat picture stays flat.
func TestResizeKeepsFlatPicturesFlat(t *testing.T) {
	for _, size := range [][2]int{{7, 5}, {50, 64}, {256, 1}} {
		src := Raster{W: 31, H: 17, Ch: 1, Pix: bytes.Repeat([]uint8{200}, 31*17)}
		for i, v := range Resize(src, size[0], size[1]).Pix {
			if v != 200 {
				t.Fatalf("to %v: sample %d is %d", size, i, v)
			}
		}
	}
}

func BenchmarkResize1024To256(b *testing.B) {
	for _, ch := range []int{1, 3} {
		src := Raster{W: 1024, H: 1024, Ch: ch, Pix: lcgNoise(1, ch*1024*1024)}
		b.Run(fmt.Sprintf("channels=%d", ch), func(b *testing.B) {
			for b.Loop() {
				Resize(src, 256, 256)
			}
		})
	}
}
