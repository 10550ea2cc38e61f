package datasets

import (
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"slices"
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

// raster is a picture as decoded: one channel where every pixel is grey, else R,G,B interleaved.
// Grey pictures stay at one channel up to the last step: a third of the work, the same numbers.
type raster struct {
	w, h, ch int
	pix      []uint8
	deep     []uint16 // in place of pix, for samples of 16 bits that are not scaled yet
}

func newRaster(w, h, ch int) raster { return raster{w: w, h: h, ch: ch, pix: make([]uint8, w*h*ch)} }

func newDeepRaster(w, h, ch int) raster {
	return raster{w: w, h: h, ch: ch, deep: make([]uint16, w*h*ch)}
}

func (r raster) clone() raster {
	return raster{r.w, r.h, r.ch, slices.Clone(r.pix), slices.Clone(r.deep)}
}

// sum is equal for pictures of equal pixels.
func (r raster) sum() *[sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d×%d, %d channels\n", r.w, r.h, r.ch)
	h.Write(r.pix)
	return (*[sha256.Size]byte)(h.Sum(nil))
}

func (m *Mask) clone() *Mask {
	if m == nil {
		return nil
	}
	return &Mask{m.W, m.H, slices.Clone(m.Pix)}
}

// rgb is the picture with its grey replicated to three channels.
func (r raster) rgb() *Image {
	if r.ch == 3 {
		return &Image{r.w, r.h, r.pix}
	}
	pix := make([]uint8, 3*len(r.pix))
	for i, v := range r.pix {
		pix[3*i], pix[3*i+1], pix[3*i+2] = v, v, v
	}
	return &Image{r.w, r.h, pix}
}
