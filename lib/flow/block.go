// Package flow holds invertible blocks for normalizing flows, and MSFlow, the multi-scale flow for anomaly detection that
// is built from them (arXiv 2308.15300).
//
// A flow maps features x to latents z by an invertible f. By the change of variables
//
//	ln p(x) = ln p(z) + ln |det ∂z/∂x|,   z = f(x),   z ~ N(0, I)
//
// so a block must report, beside z, the log-determinant of its Jacobian for every sample, in nats.
//
// A [Block] writes itself as Gorgonia nodes onto a [Tape]. The same graph trains (its gradients come from gorgonia.Grad),
// infers and samples, on the CPU or through XLA. [Run], [Invert] and [Sample] hide the graph for use on plain tensors.
//
// # The blocks
//
//   - couplings: [AllInOne] (the block of MSFlow's parallel flows), [NICE], [RealNVP], [GLOW]
//   - channel mixing: [Permute], [Orthogonal], [Householder], [LU]
//   - scaling: [ActNorm]
//   - down-sampling: [Haar], [Squeeze]; up-sampling is their [Inverse]
//   - plumbing: [Sequence], [Graph], [Split], [Concat], [Inverse]
//   - models: [Fusion] across scales, [MSFlow], and those it is compared with: [NewDifferNet], [CFlow], [NewFastFlow],
//     [NewCSFlow] with [CrossScale], [NewUFlow]
//
// A new block is one type with Out, Forward, Inverse and Params, and one new row in the table of laws_table_test.go, which
// checks round trip, log-determinant and gradients. A new subnet is any function of the form [Subnet].
package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Map is the shape of one feature map without its batch: channels, height, width. A vector of C numbers is Map{C, 1, 1}.
type Map struct{ C, H, W int }

func (m Map) String() string { return fmt.Sprintf("(%d,%d,%d)", m.C, m.H, m.W) }

// Len is the number of values of one map, C·H·W.
func (m Map) Len() int { return m.C * m.H * m.W }

// Block is an invertible function of one or several maps. This is the whole contract; every block here keeps it, and a new
// one MUST keep it to work inside [Sequence], [Graph], [Inverse], training and sampling.
//
// Shapes. Every node in x and z is (B,C,H,W) with the batch and dtype of the tape. Out MUST give the shapes that Forward
// gives for the same maps, or an error that names the block and the shapes it cannot take. Forward and Inverse MUST return
// such an error too instead of panicking. The number of values MUST be kept: Σ C·H·W in equals Σ C·H·W out.
//
// Values. Inverse(Forward(x)) MUST be x up to rounding, in evaluation mode and, unless the block's documentation says
// otherwise, in training mode.
//
// Log-determinant. logdet MUST have shape (B) and hold for each sample ln|det ∂out/∂in| in nats: sums over channels and
// pixels, never means. The logdet of Inverse at z = Forward(x) MUST be the negative of Forward's.
//
// Parameters. Forward and Inverse MUST reach their parameters through Tape.Node and never keep a node beyond the call:
// one block may stand on many tapes and several times on one. Params MUST return the same pointers in the same order at
// every call, with names that are unique within the block; what is not learned is Frozen.
//
// Ownership. A block owns its Params' values; a tape only refers to them. Forward and Inverse MUST NOT change a value:
// statistics gathered in training are handed to Tape.Update, first-batch statistics are set by [Initialize].
type Block interface {
	Out(in []Map) ([]Map, error)
	Forward(t *Tape, x []*G.Node) (z []*G.Node, logdet *G.Node, err error)
	Inverse(t *Tape, z []*G.Node) (x []*G.Node, logdet *G.Node, err error)
	Params() []*Param
}

// MapOf is the shape of a node (B,C,H,W) without its batch.
func MapOf(n *G.Node) Map {
	s := n.Shape()
	if len(s) != 4 {
		return Map{}
	}
	return Map{C: s[1], H: s[2], W: s[3]}
}

func mapsOf(ns []*G.Node) []Map {
	ms := make([]Map, len(ns))
	for i, n := range ns {
		ms[i] = MapOf(n)
	}
	return ms
}

// oneMap is the shape rule of a block that takes one map of c channels; c = 0 takes any.
func oneMap(block string, in []Map, c int) (Map, error) {
	if len(in) != 1 {
		return Map{}, fmt.Errorf("%s takes one map, not %d: %v", block, len(in), in)
	}
	m := in[0]
	if m.C < 1 || m.H < 1 || m.W < 1 {
		return Map{}, fmt.Errorf("%s: map %v is empty", block, m)
	}
	if c != 0 && m.C != c {
		return Map{}, fmt.Errorf("%s was built for %d channels, not for a map %v", block, c, m)
	}
	return m, nil
}

// sameMap is the Out of blocks that keep their single map's shape.
func sameMap(block string, in []Map, c int) ([]Map, error) {
	m, err := oneMap(block, in, c)
	if err != nil {
		return nil, err
	}
	return []Map{m}, nil
}

// halve splits c channels as the couplings do that let the larger half pass: first ⌈c/2⌉, rest ⌊c/2⌋.
func halve(c int) (first, rest int) { return c - c/2, c / 2 }
