package datasets

import (
	"bytes"
	"os"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// Masks come in many forms: white on black, class numbers, palettes, paint upon a transparent layer, black on white, soft
// edges. What a file means is recognised here; Check counts and names what was assumed, before a training starts.

// maskRule says which pixels of a mask file are anomalous. The zero value recognises them.
type maskRule struct {
	fixed bool
	above uint8 // where it is fixed, those of which some channel is greater
}

// maskTraits are what was noticed in a mask and assumed of it.
type maskTraits uint8

const (
	maskFromAlpha       maskTraits = 1 << iota // the colour is everywhere the same, the alpha channel is not
	maskOtherBackground                        // no pixel is zero; the most frequent value is the background
	maskInverted                               // most of the picture and of its border is marked; the rest is taken
	maskMany                                   // values and regions of many, as a photograph has; all but the background counts
	maskSoft                                   // edges between background and mark; from half on it counts
)

// maskAssumptions put the traits into words.
var maskAssumptions = []struct {
	trait maskTraits
	text  string
}{
	{maskFromAlpha, "the mask is of one colour; its alpha channel is taken for the mask"},
	{maskOtherBackground, "no pixel of the mask is zero; its most frequent value is taken for the background"},
	{maskInverted, "the mask marks more than half of the picture and its border; the unmarked rest is taken for the defect"},
	{maskMany, "the mask has as many values as a photograph; all but its background is taken for the defect"},
	{maskSoft, "the mask has soft edges; what reaches half of its highest value is taken for the defect"},
}

// decodeMask reads a mask file, turned as its orientation says.
func decodeMask(how *reading, path string, rule maskRule) (mask *Mask, traits maskTraits, err error) {
	err = picture.WithFile(path, func(f *os.File) error {
		head, err := picture.ReadHeader(f)
		if err != nil {
			return err
		}
		pic, alpha, err := head.DecodeWithAlpha(f)
		if err != nil {
			return err
		}
		if rule.fixed {
			mask = thresholdMask(pic, rule.above)
		} else {
			mask, traits = recogniseMask(pic, alpha, head.Format == "jpeg")
		}
		mask.Pix = picture.Raster{W: mask.W, H: mask.H, Ch: 1, Pix: mask.Pix}.Turned(how.facing(head)).Pix
		size := head.Shown(how.facing(head))
		mask.W, mask.H = size.X, size.Y
		return nil
	})
	return mask, traits, err
}

// thresholdMask compares the upper byte of 16-bit samples, but for above 0: a class number counts, however small.
func thresholdMask(pic picture.Raster, above uint8) *Mask {
	mask := blankMask(pic)
	for i := range mask.Pix {
		for c := i * pic.Ch; c < (i+1)*pic.Ch; c++ {
			if pic.Deep == nil && pic.Pix[c] > above || pic.Deep != nil && (pic.Deep[c]>>8 > uint16(above) || above == 0 && pic.Deep[c] > 0) {
				mask.Pix[i] = 1
			}
		}
	}
	return mask
}

// recogniseMask finds what a mask marks. alpha has no samples where the file has none. A lossy file has faint traces
// around its marks.
func recogniseMask(pic, alpha picture.Raster, lossy bool) (*Mask, maskTraits) {
	var traits maskTraits
	if alpha.Pix != nil && pic.Uniform() && !alpha.Uniform() {
		pic, traits = alpha, maskFromAlpha
	}
	background := [3]uint16{}
	if !lossy {
		background = backgroundOf(pic)
	}
	if background != ([3]uint16{}) {
		traits |= maskOtherBackground
	}
	levels := distancesFrom(background, pic)
	mask := blankMask(pic)
	threshold, soft := levels.threshold(pic.W, pic.Full(), lossy)
	switch {
	case lossy:
	case levels.many():
		threshold, traits = 0, traits|maskMany
	case soft:
		traits |= maskSoft
	}
	for i, v := range levels {
		if v > threshold {
			mask.Pix[i] = 1
		}
	}
	if pic.Uniform() && background != ([3]uint16{}) { // it marks all or nothing; what it says is kept
		for i := range mask.Pix {
			mask.Pix[i] = 1
		}
		traits = 0
	}
	if traits&maskMany == 0 && mask.covers() {
		for i, v := range mask.Pix {
			mask.Pix[i] = 1 - v
		}
		traits |= maskInverted
	}
	return mask, traits
}

// mostValues is how many values a mask has at most; a picture of more is no drawing, and its zero is its background.
const mostValues = 4096

// backgroundOf is zero if some pixel is, else the most frequent value.
func backgroundOf(r picture.Raster) (most [3]uint16) {
	if r.Ch == 1 && bytes.IndexByte(r.Pix, 0) >= 0 {
		return most
	}
	counts := map[[3]uint16]int{}
	for i := range r.W * r.H {
		v := r.At(i)
		if v == ([3]uint16{}) || len(counts) > mostValues {
			return [3]uint16{}
		}
		counts[v]++
	}
	for v, n := range counts {
		if n > counts[most] || n == counts[most] && less(v, most) {
			most = v
		}
	}
	return most
}

func less(a, b [3]uint16) bool {
	for c := range a {
		if a[c] != b[c] {
			return a[c] < b[c]
		}
	}
	return false
}

// distancesFrom is how far each pixel's channels are from the background at most.
func distancesFrom(background [3]uint16, r picture.Raster) maskLevels {
	out := make(maskLevels, r.W*r.H)
	for i := range out {
		v := r.At(i)
		for c := range r.Ch {
			out[i] = max(out[i], max(v[c], background[c])-min(v[c], background[c]))
		}
	}
	return out
}

// maskLevels are the pixels' distances from a mask's background.
type maskLevels []uint16

// threshold is what a marked pixel exceeds: nothing, since class numbers may be small, or half of the highest level where
// the levels between are no regions but edges. full is the highest that a sample can have.
func (m maskLevels) threshold(w int, full uint16, lossy bool) (threshold uint16, soft bool) {
	top := slices.Max(m)
	switch {
	case lossy:
		return max(top/2, 8), true
	case top > full/2 && m.onlyEdges(w, top):
		return top / 2, true
	}
	return 0, false
}

// many tells whether most pixels lie between none and the highest level, on more levels than a drawing has.
func (m maskLevels) many() bool {
	const most = 32
	top, between, seen := slices.Max(m), 0, map[uint16]bool{}
	for _, v := range m {
		if v != 0 && v != top {
			between++
			seen[v] = true
		}
	}
	return 2*between > len(m) && len(seen) > most
}

// onlyEdges tells whether there are levels between none and top, of which hardly any forms a region: a pixel all of whose
// eight neighbours have its level.
func (m maskLevels) onlyEdges(w int, top uint16) bool {
	between, inside := 0, 0
	for i, v := range m {
		if v == 0 || v == top {
			continue
		}
		between++
		if m.isInside(i, w) {
			inside++
		}
	}
	return between > 0 && inside*10 < between
}

func (m maskLevels) isInside(i, w int) bool {
	if x := i % w; x == 0 || x == w-1 || i < w || i+w >= len(m) {
		return false
	}
	for dy := -w; dy <= w; dy += w {
		for dx := -1; dx <= 1; dx++ {
			if m[i+dy+dx] != m[i] {
				return false
			}
		}
	}
	return true
}

// covers tells whether the mask marks more than half of the picture and nine tenths of its border, but not everything:
// a defect that is seen whole does not.
func (m *Mask) covers() bool {
	area := m.Area()
	if area == len(m.Pix) || 2*area <= len(m.Pix) {
		return false
	}
	border, marked := 0, 0
	for i, v := range m.Pix {
		if x, y := i%m.W, i/m.W; x == 0 || y == 0 || x == m.W-1 || y == m.H-1 {
			border, marked = border+1, marked+int(v)
		}
	}
	return 10*marked >= 9*border
}
