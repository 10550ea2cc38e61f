package datasets

// resizeNearest returns the mask at w×h, each pixel the source pixel under its centre, as Pillow's NEAREST picks it:
// the position is accumulated step by step, which decides the ties of fractional scales.
func resizeNearest(src *Mask, w, h int) *Mask {
	if w == src.W && h == src.H {
		return src
	}
	dst := &Mask{w, h, make([]uint8, w*h)}
	xs, ys := nearestPositions(src.W, w), nearestPositions(src.H, h)
	for y, sy := range ys {
		row := src.Pix[sy*src.W:][:src.W]
		out := dst.Pix[y*w:][:w]
		for x, sx := range xs {
			out[x] = row[sx]
		}
	}
	return dst
}

func nearestPositions(in, out int) []int {
	step := float64(in) / float64(out)
	at := float64(step * 0.5)
	positions := make([]int, out)
	for i := range positions {
		positions[i] = min(int(at), in-1)
		at += step
	}
	return positions
}
