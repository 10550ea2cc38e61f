package simd

// Repeat fills dst, (h,w), with src, (sh,sw): each place takes the value of the place of src that covers it.
func Repeat(dst, src []float32, sh, sw, h, w int) {
	for y := range h {
		row := src[y*sh/h*sw:][:sw]
		for x := range w {
			dst[y*w+x] = row[x*sw/w]
		}
	}
}

// Average3 is the mean of each 3×3 neighbourhood of src, (h,w); what lies beyond the edge counts as zeros.
func Average3(dst, src []float32, h, w int) {
	for y := range h {
		top, bottom := max(0, y-1), min(h, y+2)
		for x := range w {
			sum := float32(0)
			for v := top; v < bottom; v++ {
				for u := max(0, x-1); u < min(w, x+2); u++ {
					sum += src[v*w+u]
				}
			}
			dst[y*w+x] = sum / 9
		}
	}
}
