// Package picture decodes, turns, scales and resizes image files as Pillow does, because that is what pretrained backbones
// were trained on: JPEG, PNG, BMP and WebP upon the libraries' decoders, TIFF by a reader of its own. Files are not
// trusted: one that claims more than it can hold is refused by its header.
package picture

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// Raster is a picture as decoded: one channel where every pixel is grey, else R,G,B interleaved.
// Grey pictures stay at one channel up to the last step: a third of the work, the same numbers.
type Raster struct {
	W, H, Ch int
	Pix      []uint8
	Deep     []uint16 // in place of Pix, for samples of 16 bits that are not scaled yet
}

// New is a black picture.
func New(w, h, ch int) Raster { return Raster{W: w, H: h, Ch: ch, Pix: make([]uint8, w*h*ch)} }

// NewDeep is one of 16-bit samples.
func NewDeep(w, h, ch int) Raster {
	return Raster{W: w, H: h, Ch: ch, Deep: make([]uint16, w*h*ch)}
}

// Clone shares nothing with r.
func (r Raster) Clone() Raster {
	return Raster{r.W, r.H, r.Ch, slices.Clone(r.Pix), slices.Clone(r.Deep)}
}

// Sum is equal for pictures of equal pixels.
func (r Raster) Sum() *[sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d×%d, %d channels\n", r.W, r.H, r.Ch)
	h.Write(r.Pix)
	return (*[sha256.Size]byte)(h.Sum(nil))
}

// sample is sample i, of 8 or 16 bits.
func (r Raster) sample(i int) uint16 {
	if r.Deep != nil {
		return r.Deep[i]
	}
	return uint16(r.Pix[i])
}

// Full is the highest value that a sample can have.
func (r Raster) Full() uint16 {
	if r.Deep != nil {
		return 1<<16 - 1
	}
	return 1<<8 - 1
}

// At is the value of pixel i.
func (r Raster) At(i int) (v [3]uint16) {
	for c := range r.Ch {
		v[c] = r.sample(i*r.Ch + c)
	}
	return v
}

// Uniform tells whether all pixels are the same.
func (r Raster) Uniform() bool {
	first := r.At(0)
	for i := range r.W * r.H {
		if r.At(i) != first {
			return false
		}
	}
	return true
}

// FullLevels is the number of values of a 16-bit sample.
const FullLevels = 1 << 16

// mostClipped is the share of a picture's samples that may lie above its levels, such as a sensor's stuck pixels.
const mostClipped = 0.01

// Scaled is the picture with 8-bit samples, ⌊256·v/levels⌋. Of full 16 bits that is the upper byte.
func (r Raster) Scaled(levels int) (Raster, error) {
	out := New(r.W, r.H, r.Ch)
	above, highest := 0, uint16(0)
	for i, v := range r.Deep {
		if int(v) >= levels {
			above, highest = above+1, max(highest, v)
		}
		out.Pix[i] = uint8(min(int(v)<<8/levels, 255))
	}
	if float64(above) > mostClipped*float64(len(r.Deep)) {
		return Raster{}, fmt.Errorf("%d of its 16-bit samples, up to %d, lie above the %d levels that the data are read with (--levels of train)", above, highest, levels)
	}
	return out, nil
}
