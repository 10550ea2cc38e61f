package train

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// Source is a set of samples, each a list of maps (C,H,W), one per scale.
type Source interface {
	// Len is the number of samples.
	Len() int
	// Batch copies the samples with the given indices into the maps' tensors: maps[s] holds len(index) samples of scale s,
	// each C·H·W values, in the order of index.
	Batch(ctx context.Context, index []int, maps [][]float32) error
}

// Subset is the part of a source that the indices name.
type Subset struct {
	Source Source
	Index  []int
}

// Len is the number of samples of the part.
func (s Subset) Len() int { return len(s.Index) }

// Batch copies samples of the part, see Source.
func (s Subset) Batch(ctx context.Context, index []int, maps [][]float32) error {
	inner := make([]int, len(index))
	for i, k := range index {
		inner[i] = s.Index[k]
	}
	return s.Source.Batch(ctx, inner, maps)
}

// Split cuts a source at random into a part to train on and a held-out part with about the given share of the samples
// (some when share > 0). parts names the physical part that each sample shows, and samples of one part stay together; nil
// means that each sample shows its own. One side stays empty when there is one part only. The same seed gives the same
// sides. It panics if parts has another length than the source, or if the share does not lie in [0,1].
func Split(s Source, parts []string, share float64, seed uint64) (fit, heldOut Source) {
	a, b := SplitIndex(s.Len(), parts, share, seed)
	return Subset{s, a}, Subset{s, b}
}

// SplitIndex says which of n samples Split puts where.
func SplitIndex(n int, parts []string, share float64, seed uint64) (fit, heldOut []int) {
	if !(share >= 0 && share <= 1) {
		panic(fmt.Sprintf("train: a held-out share of %v", share))
	}
	members := membersOf(parts, n)
	k := int(share*float64(n) + 0.5)
	if share > 0 && k == 0 {
		k = 1
	}
	var fitted, held []int
	for i, g := range rand.New(rand.NewPCG(seed, splitStream)).Perm(len(members)) {
		part := members[g]
		last := i == len(members)-1
		switch {
		case len(held)+len(part)-k <= k-len(held), last && k > 0 && len(held) == 0 && len(fitted) > 0:
			held = append(held, part...)
		default:
			fitted = append(fitted, part...)
		}
	}
	return fitted, held
}

// membersOf lists the samples of each part, the parts in the order of their first samples.
func membersOf(parts []string, n int) (members [][]int) {
	if parts != nil && len(parts) != n {
		panic(fmt.Sprintf("train: %d parts named for %d samples", len(parts), n))
	}
	at := map[string]int{}
	for i := range n {
		if parts == nil {
			members = append(members, []int{i})
			continue
		}
		k, seen := at[parts[i]]
		if !seen {
			k = len(members)
			at[parts[i]] = k
			members = append(members, nil)
		}
		members[k] = append(members[k], i)
	}
	return members
}

// Streams keep the random numbers of different uses apart under one seed.
const (
	splitStream uint64 = 0x5711
	orderStream uint64 = 0x0bde
)

// order is the order in which an epoch visits n samples: it depends on seed and epoch alone, so that a resumed run
// goes on as an uninterrupted one.
func order(n int, seed uint64, epoch int) []int {
	return rand.New(rand.NewPCG(seed+orderStream, uint64(epoch))).Perm(n)
}
