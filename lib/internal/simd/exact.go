package simd

import (
	"os"
	"sync/atomic"
)

// exact makes convolutions add every product as the definition does. Otherwise the faster Winograd filtering is allowed,
// whose relative errors are some 10⁻⁶ instead of 10⁻⁷.
var exact atomic.Bool

func init() { exact.Store(os.Getenv("MSFLOW_EXACT") == "1") }

// A pass of a convolution.
type pass int

const (
	passForward pass = iota
	passInput
	passWeight
)

// winoLimits say from how many channels on, on the side that has fewer, and from how many tiles on Winograd's filtering is
// the faster way through a pass: more channels share the transforms, and the definition leaves much of a vector empty on
// small maps.
type winoLimits [3]struct{ channels, tiles int }

// The limits are measured, and fixed so that runs give the same bits: with AVX2 on Zen 3 and on a Xeon of family 6, model
// 207, with AVX-512 on the latter.
var (
	winoAVX2   = winoLimits{passForward: {8, 8}, passInput: {8, 8}, passWeight: {12, 4}}
	winoAVX512 = winoLimits{passForward: {12, 8}, passInput: {12, 8}, passWeight: {12, 4}}
)

// winoMaxPairs is how many pairs of channels may be transformed, 144 bytes each, to fit the last-level cache; those of few
// tiles need not.
const winoMaxPairs = 512 * 512

// winoFits tells whether a pass is to run by Winograd's filtering.
func (v *variant) winoFits(s ConvShape, p pass) bool {
	oh, ow := s.Out()
	if p == passInput {
		oh, ow = s.H, s.W
	}
	tiles := s.B * oh * ow / 16
	least := v.winograd[p]
	return !exact.Load() && v.wino.input != nil &&
		s.KH == 3 && s.KW == 3 && s.StrideH*s.StrideW*s.DilationH*s.DilationW*s.Groups == 1 &&
		oh%4 == 0 && ow%4 == 0 && tiles >= least.tiles &&
		min(s.Cin, s.Cout) >= least.channels && (s.Cin*s.Cout <= winoMaxPairs || tiles <= fewTiles)
}
