package simd

import "unsafe"

// A window is a copy of some rows of some channels, with zeros around the image and columns dealt out by stride, so that
// a kernel finds the inputs of neighbouring outputs side by side whatever the padding and the stride. Its layout is
// (channel, row, phase, column): column j of the padded image is at phase j mod stride, column j div stride.
type window struct {
	rows, cols    int // of the padded image
	top, left     int // where the image's row 0 and column 0 stand; may be negative
	strideX       int
	pitch         int // floats from one phase to the next
	rowPitch      int // floats from one row to the next
	channelPitch  int // floats from one channel to the next
	height, width int // of the image
}

// layout computes the pitches for rows × cols.
func (w *window) layout(rows, cols int) {
	w.rows, w.cols = rows, cols
	w.pitch = (cols + w.strideX - 1) / w.strideX
	if w.strideX > 1 {
		w.pitch += 8 // the deal kernel's spill
	}
	w.rowPitch = w.pitch * w.strideX
	w.channelPitch = rows * w.rowPitch
	if w.channelPitch%128 < 16 { // planes 4 KiB apart would compete for the same lines of the cache
		w.channelPitch += 16
	}
}

// at is the offset of the padded image's row r and column j in a channel's copy.
func (w *window) at(r, j int) int { return r*w.rowPitch + j%w.strideX*w.pitch + j/w.strideX }

// fill copies rows first, first+1, … of the padded image of one channel. What lies behind the copy is clobbered.
func (w *window) fill(dst, image []float32, first int, s *scratch) {
	r0 := min(max(w.top-first, 0), w.rows)
	r1 := max(min(w.height+w.top-first, w.rows), r0)
	clear(dst[:r0*w.rowPitch])
	if r0 < r1 {
		w.fillRows(dst[r0*w.rowPitch:], image[(first+r0-w.top)*w.width:], r1-r0, s)
	}
	clear(dst[r1*w.rowPitch : w.rows*w.rowPitch])
}

// fillRows copies rows of the image.
func (w *window) fillRows(dst, image []float32, rows int, s *scratch) {
	lo, hi := max(w.left, 0), min(w.left+w.width, w.cols)
	a := &s.pad
	switch {
	case active.pad != nil && w.strideX == 1 && lo < hi && lo <= 8 && w.cols-hi <= 8:
		*a = padArgs{left: 4 * lo, right: 4 * (w.cols - hi), width: hi - lo, src: unsafe.Pointer(&image[lo-w.left])}
	case active.deal != nil && w.strideX == 2 && w.left >= 0 && lo < hi:
		even, odd := w.left%2*w.pitch+w.left/2, (w.left+1)%2*w.pitch+(w.left+1)/2
		*a = padArgs{left: 4 * even, odd: 4 * (odd - even), width: hi - lo, src: unsafe.Pointer(&image[0])}
	default:
		w.fillPlain(dst, image, rows)
		return
	}
	a.dst, a.rows, a.to, a.from = unsafe.Pointer(&dst[0]), rows, 4*w.rowPitch, 4*w.width
	if w.strideX == 1 {
		callPad(active.pad, a)
	} else {
		callPad(active.deal, a)
	}
}

func (w *window) fillPlain(dst, image []float32, rows int) {
	for r := range rows {
		row, src := dst[r*w.rowPitch:(r+1)*w.rowPitch], image[r*w.width:(r+1)*w.width]
		if w.strideX == 1 {
			copyRow(row, src, w.left)
			continue
		}
		for p := range w.strideX {
			dealRow(row[p*w.pitch:(p+1)*w.pitch], src, w.left-p, w.strideX)
		}
	}
}

// copyRow sets dst[j] = src[j−left], zero outside.
func copyRow(dst, src []float32, left int) {
	lo, hi := max(left, 0), min(left+len(src), len(dst))
	if lo >= hi {
		clear(dst)
		return
	}
	clear(dst[:lo])
	copy(dst[lo:hi], src[lo-left:])
	clear(dst[hi:])
}

// dealRow sets dst[q] = src[q·stride−left], zero outside.
func dealRow(dst, src []float32, left, stride int) {
	lo, hi := span(len(src), len(dst), stride, -left)
	if lo >= hi {
		clear(dst)
		return
	}
	clear(dst[:lo])
	i := lo*stride - left
	for q := range dst[lo:hi] {
		dst[lo+q] = src[i]
		i += stride
	}
	clear(dst[hi:])
}
