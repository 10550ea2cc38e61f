package simd

import "testing"

// Every height must be cut into bands, however little of it an item may keep. (A height whose bands of two rows stay bands
// of two when one more is asked for was planned for ever.)
func TestBottleneckPlansEveryHeight(t *testing.T) {
	if active.lanes == 0 {
		t.Skip("the plain loop has no plan")
	}
	for h := 1; h <= 520; h++ {
		j := bottleneckJob{variant: active, block: &Bottleneck{In: 32, Wide: 512, Out: 16, Expand: make([]float32, 1)}, oh: h, ow: 512,
			s: ConvShape{B: 1, H: h, W: 512, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1}}
		j.win = window{strideX: 1, height: h, width: 512}
		j.plan()
		if j.band < 1 || j.bands*j.band < h || (j.bands-1)*j.band >= h {
			t.Fatalf("height %d: %d bands of %d rows", h, j.bands, j.band)
		}
	}
}
