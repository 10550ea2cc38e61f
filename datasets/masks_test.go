package datasets

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The defect of the mask tests: a square away from the border.
var (
	maskBounds = image.Rect(0, 0, 40, 30)
	maskDefect = image.Rect(12, 9, 20, 15)
)

// painted fills a picture and its defect.
func painted(pic interface {
	image.Image
	Set(x, y int, c color.Color)
}, ground, defect color.Color) image.Image {
	for y := range maskBounds.Dy() {
		for x := range maskBounds.Dx() {
			c := ground
			if image.Pt(x, y).In(maskDefect) {
				c = defect
			}
			pic.Set(x, y, c)
		}
	}
	return pic
}

// softMask has an edge of two half-bright pixels around the defect.
func softMask() image.Image {
	pic := image.NewGray(maskBounds)
	for y := range maskBounds.Dy() {
		for x := range maskBounds.Dx() {
			switch p := image.Pt(x, y); {
			case p.In(maskDefect):
				pic.SetGray(x, y, color.Gray{255})
			case p.In(maskDefect.Inset(-1)):
				pic.SetGray(x, y, color.Gray{100})
			case p.In(maskDefect.Inset(-2)):
				pic.SetGray(x, y, color.Gray{30})
			}
		}
	}
	return pic
}

func negative(pic image.Image) image.Image {
	grey := pic.(*image.Gray)
	for i, v := range grey.Pix {
		grey.Pix[i] = 255 - v
	}
	return grey
}

func palette(colours ...color.Color) *image.Paletted { return image.NewPaletted(maskBounds, colours) }

var (
	blue   = color.RGBA{0, 0, 255, 255}
	red    = color.RGBA{255, 0, 0, 255}
	ground = color.NRGBA{255, 255, 255, 0}
)

// Whatever way a mask is drawn in, it marks the defect and nothing else, and what was assumed is said.
func TestMasksAreRecognised(t *testing.T) {
	grey := func() *image.Gray { return image.NewGray(maskBounds) }
	for name, c := range map[string]struct {
		pic  image.Image
		says string
	}{
		"white on black":        {painted(grey(), color.Black, color.White), ""},
		"class numbers":         {painted(grey(), color.Black, color.Gray{3}), ""},
		"16-bit class numbers":  {painted(image.NewGray16(maskBounds), color.Black, color.Gray16{3}), ""},
		"background 2":          {painted(grey(), color.Gray{2}, color.Gray{252}), "most frequent value"},
		"background 2, class 1": {painted(grey(), color.Gray{2}, color.Gray{1}), "most frequent value"},
		"palette":               {painted(palette(blue, red), blue, red), "most frequent value"},
		"palette with black":    {painted(palette(color.Black, red), color.Black, red), ""},
		"alpha channel":         {painted(image.NewNRGBA(maskBounds), ground, color.White), "alpha channel"},
		"black paint in alpha":  {painted(image.NewNRGBA(maskBounds), color.NRGBA{}, color.Black), "alpha channel"},
		"deep alpha channel":    {painted(image.NewNRGBA64(maskBounds), color.NRGBA64{0xFFFF, 0xFFFF, 0xFFFF, 0}, color.White), "alpha channel"},
		"inverted":              {painted(grey(), color.White, color.Black), "unmarked rest"},
		"inverted alpha":        {painted(image.NewNRGBA(maskBounds), color.White, ground), "unmarked rest"},
		"soft edges":            {softMask(), "soft edges"},
		"inverted, soft edges":  {negative(softMask()), "unmarked rest"},
	} {
		t.Run(name, func(t *testing.T) {
			var data bytes.Buffer
			if err := png.Encode(&data, c.pic); err != nil {
				t.Fatal(err)
			}
			sample, notes := maskedSample(t, data.Bytes())
			_, mask, err := sample.Load(0, 0)
			if err != nil {
				t.Fatal(err)
			}
			want := painted(grey(), color.Black, color.White).(*image.Gray).Pix
			if !slices.EqualFunc(mask.Pix, want, func(marked, level uint8) bool { return marked == level>>7 }) {
				t.Errorf("%d pixels are marked, the defect has %d", mask.Area(), maskDefect.Dx()*maskDefect.Dy())
			}
			if said := len(notes) > 0; said != (c.says != "") || !strings.Contains(strings.Join(notes, "\n"), c.says) {
				t.Errorf("notes %q, want %q", notes, c.says)
			}
		})
	}
}

// maskedSample is the anomalous image of a folder with the mask, and what a check says.
func maskedSample(t *testing.T, mask []byte, opts ...Option) (Sample, []string) {
	t.Helper()
	root := t.TempDir()
	for i, name := range []string{"normal/1.png", "normal/2.png", "abnormal/1.png"} {
		writeFile(t, filepath.Join(root, name), encode(t, "x.png", painted(image.NewGray(maskBounds), color.Gray{uint8(100 + i)}, color.Gray{50})))
	}
	writeFile(t, filepath.Join(root, "masks/1.png"), mask)
	d, err := Folder(root, opts...)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Check(context.Background(), d, Pixels)
	if err != nil {
		t.Fatal(err)
	}
	return d.Test[len(d.Test)-1], report.Notes()
}

// Regions of a middle value are classes, not edges.
func TestClassRegionsAreNoEdges(t *testing.T) {
	pic := painted(image.NewGray(maskBounds), color.Black, color.Gray{90}).(*image.Gray)
	for x := range 10 {
		pic.SetGray(x, 20, color.Gray{255})
	}
	sample, notes := maskedSample(t, encode(t, "x.png", pic))
	if _, mask, err := sample.Load(0, 0); err != nil || mask.Area() != 8*6+10 || len(notes) > 0 {
		t.Errorf("%d marked, notes %q, %v", mask.Area(), notes, err)
	}
}

func TestMaskAboveAssumesNothing(t *testing.T) {
	sample, notes := maskedSample(t, encode(t, "x.png", softMask()), MaskAbove(50))
	if _, mask, err := sample.Load(0, 0); err != nil || mask.Area() != 10*8 || len(notes) > 0 {
		t.Errorf("%d marked, notes %q, %v", mask.Area(), notes, err)
	}
}

// Masks that tell nothing are counted before a training.
func TestUselessMasksAreNamed(t *testing.T) {
	dot := image.NewGray(maskBounds)
	dot.SetGray(7, 7, color.Gray{255})
	for name, c := range map[string]struct {
		pic  image.Image
		says string
	}{
		"empty": {image.NewGray(maskBounds), "marks no pixel, so"},
		"full":  {painted(image.NewGray(maskBounds), color.White, color.White), "marks every pixel"},
		"photo": {photograph(), "many values"},
		"tiny":  {dot, "vanishes at the input size of 8×8"},
	} {
		_, notes := maskedSample(t, encode(t, "x.png", c.pic), Size(8))
		if len(notes) != 1 || !strings.Contains(notes[0], c.says) || !strings.Contains(notes[0], "abnormal/1.png") {
			t.Errorf("%s: notes %q, want %q", name, notes, c.says)
		}
	}
}

// photograph is a grey ramp with some dark.
func photograph() image.Image {
	pic := image.NewGray(maskBounds)
	for i := range pic.Pix {
		pic.Pix[i] = uint8(i / 5)
	}
	return pic
}

// maskNames are files of a folder data set, and for each anomalous image its mask.
var maskNamings = []struct {
	name  string
	files []string
	opts  []Option
	masks map[string]string
}{
	{"suffixes", []string{"abnormal/1.png", "abnormal/2.jpg", "abnormal/3.png", "abnormal/4.png", "abnormal/5.png", "masks/1_mask.png", "masks/2_GT.png", "masks/3_seg.png", "masks/4_Label.png", "masks/5.png"}, nil,
		map[string]string{"1.png": "masks/1_mask.png", "2.jpg": "masks/2_GT.png", "3.png": "masks/3_seg.png", "4.png": "masks/4_Label.png", "5.png": "masks/5.png"}},
	{"pattern", []string{"abnormal/1.png", "masks/m-1-x.png"}, []Option{MaskPattern("m-{stem}-x.png")}, map[string]string{"1.png": "masks/m-1-x.png"}},
	{"whole name in the pattern", []string{"abnormal/1.jpg", "masks/1.jpg.png"}, []Option{MaskPattern("{name}.png")}, map[string]string{"1.jpg": "masks/1.jpg.png"}},
	{"beside", []string{"abnormal/1.png", "abnormal/1_GT.png", "abnormal/2.png"}, nil, map[string]string{"1.png": "abnormal/1_GT.png", "2.png": ""}},
	{"beside by pattern", []string{"abnormal/1.png", "abnormal/t1.png"}, []Option{MaskPattern("t{stem}.png")}, map[string]string{"1.png": "abnormal/t1.png"}},
	{"missing", []string{"abnormal/1.png", "abnormal/2.png", "masks/1.png"}, nil, map[string]string{"1.png": "masks/1.png", "2.png": ""}},
	{"one stem, one mask", []string{"abnormal/1.png", "abnormal/1.jpg", "masks/1_mask.png"}, nil, map[string]string{"1.png": "", "1.jpg": ""}},
	{"one stem, own masks", []string{"abnormal/1.png", "abnormal/1.jpg", "masks/1.png_mask.png", "masks/1.jpg.png"}, nil, map[string]string{"1.png": "masks/1.png_mask.png", "1.jpg": "masks/1.jpg.png"}},
	{"one stem, same extension", []string{"abnormal/1.png", "abnormal/1.jpg", "masks/1.png"}, nil, map[string]string{"1.png": "masks/1.png", "1.jpg": ""}},
}

func TestMaskNames(t *testing.T) {
	for _, c := range maskNamings {
		t.Run(c.name, func(t *testing.T) {
			root := makeFiles(t, append([]string{"normal/1.png", "normal/2.bmp"}, c.files...)...)
			d, err := Folder(root, c.opts...)
			if err != nil {
				t.Fatal(err)
			}
			if d.Test.Anomalous() != len(c.masks) {
				t.Errorf("%d anomalous images, want %d", d.Test.Anomalous(), len(c.masks))
			}
			unmasked := 0
			for _, s := range d.Test {
				if !s.Anomalous {
					continue
				}
				got := strings.Join(s.pixels.(fileSource).masks, " ")
				want := c.masks[filepath.Base(s.Path)]
				if want == "" {
					unmasked++
				} else {
					want = filepath.Join(root, want)
				}
				if got != want || s.HasMask() != (want != "") {
					t.Errorf("%s has the mask %q, want %q", s.Name, got, want)
				}
			}
			checkUnmasked(t, d, unmasked)
		})
	}
	if _, err := Folder(makeFiles(t, "normal/1.png", "normal/2.png"), MaskPattern("mask.png")); err == nil || !strings.Contains(err.Error(), "{stem}") {
		t.Errorf("a pattern without the image's name: %v", err)
	}
}

// TestTwoMasks: which of two files is the mask is not guessed; the image is refused, with both of their names.
func TestTwoMasks(t *testing.T) {
	for _, masks := range [][]string{{"1_mask.png", "1_GT.png"}, {"1_mask.png", "1.png"}, {"1.png", "1.bmp"}} {
		root := makeFiles(t, "normal/1.png", "normal/2.bmp", "abnormal/1.png", "abnormal/2.png", "masks/2.png", "masks/"+masks[0], "masks/"+masks[1])
		for _, depth := range []Depth{Headers, Pixels} {
			d, err := Folder(root)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Check(context.Background(), d, depth)
			for _, want := range append(masks, "abnormal/1.png", "--mask-pattern") {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v: the error does not name %s: %v", masks, want, err)
				}
			}
		}
		skipped := ""
		d, err := Folder(root, SkipBad(func(name string, _ error) { skipped += name }))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Check(context.Background(), d, Pixels); err != nil || skipped != "abnormal/1.png" || d.Test.Anomalous() != 1 {
			t.Errorf("%v: %q skipped, %v", masks, skipped, err)
		}
	}
}

// checkUnmasked demands that images without masks are no error but named, unless no image has one.
func checkUnmasked(t *testing.T, d *Data, unmasked int) {
	t.Helper()
	report, err := Check(context.Background(), d, Pixels)
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, note := range report.Masks {
		if strings.Contains(note.Text, "without a mask") {
			named = len(note.Samples)
		}
	}
	if named != unmasked {
		t.Errorf("%d images without a mask are named, %d are: %q", named, unmasked, report.Notes())
	}
}

// A mask that goes missing after the data set was opened is an error by name, not a mask of nothing.
func TestMaskThatVanishes(t *testing.T) {
	root := makeFolder(t)
	d, err := Folder(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "masks/1.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(context.Background(), d, Headers); err == nil || !strings.Contains(err.Error(), "its mask is missing") {
		t.Errorf("error %v", err)
	}
}
