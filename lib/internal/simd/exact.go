package simd

import (
	"os"
	"sync/atomic"
)

var exact atomic.Bool

func init() { exact.Store(os.Getenv("MSFLOW_EXACT") == "1") }

// SetExact makes convolutions add every product as the definition does, or allows the faster Winograd filtering, whose
// relative errors are some 10⁻⁶ instead of 10⁻⁷. It returns the previous setting. MSFLOW_EXACT=1 in the environment sets it at
// start.
func SetExact(on bool) (before bool) { return exact.Swap(on) }

// Exact reports the setting of SetExact.
func Exact() bool { return exact.Load() }

// A pass of a convolution.
type pass int

const (
	passForward pass = iota
	passInput
	passWeight
)

// Winograd's filtering is faster, by measurement on AVX2 (Zen 3), when both sides have a few channels to share the transforms
// among, there are some tiles, and the transformed filters, 144 bytes a pair of channels, fit the last-level cache; those
// of few tiles need not.
const (
	winoMinChannels = 8
	winoMaxPairs    = 512 * 512
	winoMinTiles    = 16
)

// winoFits tells whether a pass is to run by Winograd's filtering.
func (v *variant) winoFits(s ConvShape, p pass) bool {
	oh, ow := s.Out()
	if p == passInput {
		oh, ow = s.H, s.W
	}
	tiles := s.B * oh * ow / 16
	return !exact.Load() && v.winoInput != nil &&
		s.KH == 3 && s.KW == 3 && s.StrideH*s.StrideW*s.DilationH*s.DilationW*s.Groups == 1 &&
		oh%4 == 0 && ow%4 == 0 && tiles >= winoMinTiles &&
		min(s.Cin, s.Cout) >= winoMinChannels && (s.Cin*s.Cout <= winoMaxPairs || tiles <= fewTiles)
}
