package datasets

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// Image is an 8-bit RGB picture. Pixel (x,y) is Pix[3*(y*W+x):][:3]. It is an image.Image.
type Image struct {
	W, H int
	Pix  []uint8 // R,G,B interleaved, 3·W·H values
}

// Mask marks anomalous pixels: Pix[y*W+x] is 1 where the pixel is anomalous, else 0. It is an image.Image (white on black).
type Mask struct {
	W, H int
	Pix  []uint8
}

// ColorModel, Bounds and At make an Image an image.Image.
func (m *Image) ColorModel() color.Model { return color.RGBAModel }

func (m *Image) Bounds() image.Rectangle { return image.Rect(0, 0, m.W, m.H) }

func (m *Image) At(x, y int) color.Color {
	if !image.Pt(x, y).In(m.Bounds()) {
		return color.RGBA{}
	}
	p := m.Pix[3*(y*m.W+x):]
	return color.RGBA{p[0], p[1], p[2], 255}
}

// ColorModel, Bounds and At make a Mask an image.Image.
func (m *Mask) ColorModel() color.Model { return color.GrayModel }

func (m *Mask) Bounds() image.Rectangle { return image.Rect(0, 0, m.W, m.H) }

func (m *Mask) At(x, y int) color.Color {
	if !image.Pt(x, y).In(m.Bounds()) {
		return color.Gray{}
	}
	return color.Gray{255 * m.Pix[y*m.W+x]}
}

// Area is the number of anomalous pixels.
func (m *Mask) Area() int {
	n := 0
	for _, v := range m.Pix {
		n += int(v)
	}
	return n
}

// Planes is the picture channel by channel, 8-bit (3,H,W).
func (m *Image) Planes() []uint8 {
	n := m.W * m.H
	planes := make([]uint8, 3*n)
	r, g, b := planes[:n], planes[n:2*n], planes[2*n:]
	for i := range n {
		p := m.Pix[3*i : 3*i+3]
		r[i], g[i], b[i] = p[0], p[1], p[2]
	}
	return planes
}

func (m *Mask) clone() *Mask {
	if m == nil {
		return nil
	}
	return &Mask{m.W, m.H, slices.Clone(m.Pix)}
}

// resized is the mask at w×h, each pixel the one under its centre.
func (m *Mask) resized(w, h int) *Mask {
	return &Mask{w, h, picture.Nearest(m.Pix, m.W, m.H, w, h)}
}

// imageOf is the picture with its grey replicated to three channels.
func imageOf(r picture.Raster) *Image {
	if r.Ch == 3 {
		return &Image{r.W, r.H, r.Pix}
	}
	pix := make([]uint8, 3*len(r.Pix))
	for i, rest := 0, pix; i < len(r.Pix); i, rest = i+1, rest[3:] {
		p, v := rest[:3:len(rest)], r.Pix[i]
		p[0], p[1], p[2] = v, v, v
	}
	return &Image{r.W, r.H, pix}
}

// ErrTooManyPixels is wrapped by Decode's error for an image of more pixels than the caller allows.
var ErrTooManyPixels = picture.ErrTooManyPixels

// Decode reads the content of an image file that did not come from a disk, as files are read. One of more than most pixels
// is refused before memory is spent on it. With how.Levels 0 the samples of a 16-bit picture are taken to use all 16 bits.
func Decode(content []byte, how Reading, most int) (*Image, error) {
	if err := how.Check(); err != nil {
		return nil, err
	}
	pic, head, err := picture.DecodeBytes(content, min(most, picture.MaxPixels))
	if err != nil {
		return nil, fmt.Errorf("the image: %w", err)
	}
	if pic.Deep != nil {
		levels := how.Levels
		if levels == 0 {
			levels = picture.FullLevels
		}
		if pic, err = pic.Scaled(levels); err != nil {
			return nil, fmt.Errorf("the image: %w", err)
		}
	}
	return imageOf(pic.Turned(head.Facing(how.Exif != ExifIgnore))), nil
}
