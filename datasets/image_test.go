package datasets

import (
	"image"
	"image/color"
	"testing"
)

// Both are pictures for anyone who draws an image.Image.
func TestImageAndMaskArePictures(t *testing.T) {
	im := &Image{2, 1, []uint8{1, 2, 3, 4, 5, 6}}
	mask := &Mask{2, 1, []uint8{0, 1}}
	for _, c := range []struct {
		pic  image.Image
		x    int
		want color.Color
	}{
		{im, 0, color.RGBA{1, 2, 3, 255}}, {im, 1, color.RGBA{4, 5, 6, 255}}, {im, 2, color.RGBA{}},
		{mask, 0, color.Gray{0}}, {mask, 1, color.Gray{255}}, {mask, -1, color.Gray{0}},
	} {
		if got := c.pic.At(c.x, 0); got != c.want {
			t.Errorf("%T at %d: %v, want %v", c.pic, c.x, got, c.want)
		}
		if c.pic.ColorModel().Convert(c.want) != c.want {
			t.Errorf("%T: %v is not of its colour model", c.pic, c.want)
		}
	}
}
