package score

import (
	"fmt"
	"math"
	"slices"
)

// Resize interpolates src, (sh,sw), bilinearly to (dh,dw) with aligned corners: the four corner values stay where they
// are, and row y of the result reads row y·(sh−1)/(dh−1) of the source. A side of length one is repeated.
func Resize(src []float32, sh, sw, dh, dw int) []float32 {
	checkResize(src, sh, sw, dh, dw)
	dst := make([]float32, dh*dw)
	addResized(dst, src, sh, sw, dh, dw)
	return dst
}

func checkResize(src []float32, sh, sw, dh, dw int) {
	if sh < 1 || sw < 1 || dh < 1 || dw < 1 {
		panic(fmt.Sprintf("score: resize of %d×%d to %d×%d", sh, sw, dh, dw))
	}
	mustHold("map", len(src), sh*sw)
}

// A tap says how one output position reads the source: between lo and lo+step, frac of the way.
type tap struct {
	lo, step int
	frac     float32
}

// taps of an axis that goes from src to dst positions with aligned corners.
func taps(src, dst int) []tap {
	t := make([]tap, dst)
	if src == 1 || dst == 1 {
		return t
	}
	for i := range t {
		at := float64(i) * float64(src-1) / float64(dst-1)
		lo := min(int(at), src-2)
		t[i] = tap{lo, 1, float32(at - float64(lo))}
	}
	return t
}

// addResized adds the resized src to dst.
func addResized(dst, src []float32, sh, sw, dh, dw int) {
	interpolate(dst, src, sw, taps(sh, dh), taps(sw, dw))
}

// interpolate adds what the taps read from src, whose rows have sw values, to dst. Each output row first blends two source
// rows (short), then spreads the blend along the row (long), so the cost is about one multiply-add per output pixel.
func interpolate(dst, src []float32, sw int, rows, cols []tap) {
	dw := len(cols)
	blend := make([]float32, sw)
	for y, r := range rows {
		top := src[r.lo*sw : (r.lo+1)*sw]
		bottom := src[(r.lo+r.step)*sw : (r.lo+r.step+1)*sw]
		for x := range blend {
			blend[x] = top[x] + r.frac*(bottom[x]-top[x])
		}
		out := dst[y*dw : (y+1)*dw]
		for x, c := range cols {
			left := blend[c.lo]
			out[x] += left + c.frac*(blend[c.lo+c.step]-left)
		}
	}
}

// ResizeCentred interpolates src, (sh,sw), bilinearly into dst, (dh,dw): a value is that of the middle of its pixel, as
// picture programs have it, and edges are repeated. Row y of the result reads row (y+½)·sh/dh − ½ of the source.
func ResizeCentred(dst, src []float32, sh, sw, dh, dw int) {
	checkResize(src, sh, sw, dh, dw)
	mustHold("result", len(dst), dh*dw)
	clear(dst)
	interpolate(dst, src, sw, centredTaps(sh, dh), centredTaps(sw, dw))
}

// Place is ResizeCentred into a rectangle left, top, right, bottom of dst, which may reach over its edges. The rest of dst
// takes the least value of src.
func Place(dst, src []float32, sh, sw, dh, dw int, rectangle [4]float64) {
	checkResize(src, sh, sw, dh, dw)
	mustHold("result", len(dst), dh*dw)
	low := slices.Min(src)
	for i := range dst {
		dst[i] = low
	}
	left, right, cols := placedTaps(sw, dw, rectangle[0], rectangle[2])
	top, bottom, rows := placedTaps(sh, dh, rectangle[1], rectangle[3])
	if left >= right || top >= bottom {
		return
	}
	row := make([]float32, right-left)
	for y := top; y < bottom; y++ {
		clear(row)
		interpolate(row, src, sw, rows[y-top:y-top+1], cols)
		copy(dst[y*dw+left:], row)
	}
}

// placedTaps are those of the positions from first to end of an axis whose middles lie between lo and hi, onto which src
// positions go.
func placedTaps(src, dst int, lo, hi float64) (first, end int, t []tap) {
	first, end = max(0, int(math.Ceil(lo-0.5))), min(dst, int(math.Ceil(hi-0.5)))
	for i := first; i < end; i++ {
		t = append(t, centredTap(src, (float64(i)+0.5-lo)*float64(src)/(hi-lo)-0.5))
	}
	return first, end, t
}

// centredTap reads src positions at a place between the middles of two, or at the first or last one.
func centredTap(src int, at float64) tap {
	if src == 1 {
		return tap{}
	}
	at = min(max(at, 0), float64(src-1))
	lo := min(int(at), src-2)
	return tap{lo, 1, float32(at - float64(lo))}
}

// centredTaps of an axis are taps between the middles of pixels.
func centredTaps(src, dst int) []tap {
	t := make([]tap, dst)
	for i := range t {
		t[i] = centredTap(src, (float64(i)+0.5)*float64(src)/float64(dst)-0.5)
	}
	return t
}
