package picture

// Nearest returns the samples of a picture of one channel at w×h, each the one of the source pixel under its centre,
// as Pillow's NEAREST picks it: the position is accumulated step by step, which decides the ties of fractional scales.
func Nearest(pix []uint8, fromW, fromH, w, h int) []uint8 {
	if w == fromW && h == fromH {
		return pix
	}
	out := make([]uint8, w*h)
	xs := nearestPositions(fromW, w)
	for y, sy := range nearestPositions(fromH, h) {
		row := pix[sy*fromW:][:fromW]
		for x, sx := range xs {
			out[y*w+x] = row[sx]
		}
	}
	return out
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
