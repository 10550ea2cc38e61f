package simd

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
	w.rowPitch = w.pitch * w.strideX
	w.channelPitch = rows * w.rowPitch
	if w.channelPitch%128 < 16 { // planes 4 KiB apart would compete for the same lines of the cache
		w.channelPitch += 16
	}
}

// at is the offset of the padded image's row r and column j in a channel's copy.
func (w *window) at(r, j int) int { return r*w.rowPitch + j%w.strideX*w.pitch + j/w.strideX }

// fill copies rows first, first+1, … of the padded image of one channel.
func (w *window) fill(dst, image []float32, first int) {
	for r := range w.rows {
		row := dst[r*w.rowPitch : (r+1)*w.rowPitch]
		y := first + r - w.top
		if y < 0 || y >= w.height {
			clear(row)
			continue
		}
		src := image[y*w.width : (y+1)*w.width]
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
