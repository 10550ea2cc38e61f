package datasets

import (
	"fmt"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// The ImageNet statistics that every backbone here was trained with, for R, G and B in 0..1.
var (
	imagenetMean = [3]float64{0.485, 0.456, 0.406}
	imagenetStd  = [3]float64{0.229, 0.224, 0.225}
)

// levels[c][v] is the normalised value of 8-bit level v in channel c. The arithmetic is float32 in the reference's order.
var levels = func() (table [3][256]float32) {
	for c := range table {
		for v := range table[c] {
			unit := float32(v) / 255
			table[c][v] = float32(unit-float32(imagenetMean[c])) / float32(imagenetStd[c])
		}
	}
	return table
}()

// Normalization is what Normalize does to an 8-bit level of each channel, v·gain + offset.
func Normalization() (gain, offset []float64) {
	for c := range imagenetStd {
		gain, offset = append(gain, 1/(255*imagenetStd[c])), append(offset, -imagenetMean[c]/imagenetStd[c])
	}
	return gain, offset
}

// Normalize returns the picture as a backbone wants it: (3,H,W), (v/255 − mean)/std with ImageNet's mean and deviation of
// each channel.
func Normalize(im *Image) []float32 {
	x := make([]float32, 3*im.W*im.H)
	normalizeInto(x, im)
	return x
}

// normalizeInto fills x (3,H,W).
func normalizeInto(x []float32, im *Image) {
	n := im.W * im.H
	r, g, b := x[:n], x[n:2*n], x[2*n:3*n]
	for i := range n {
		p := im.Pix[3*i : 3*i+3]
		r[i], g[i], b[i] = levels[0][p[0]], levels[1][p[1]], levels[2][p[2]]
	}
}

// Preprocess reads the image file at path and returns what a model sees of it at h×w: the resized 8-bit picture (3,H,W)
// and its normalised form (3,H,W). It is turned upright, and its levels are recognised by itself. The error names the file.
func Preprocess(path string, h, w int) (resized []uint8, normalized []float32, err error) {
	if h < 1 || w < 1 {
		return nil, nil, fmt.Errorf("%s: resizing to %d×%d pixels (h×w): the size must be positive", Printable(path), h, w)
	}
	pic, _, err := newReading(Reading{}, Files(path)).file(path)
	if err != nil {
		return nil, nil, err
	}
	im := imageOf(picture.Resize(pic, w, h))
	return im.Planes(), Normalize(im), nil
}
