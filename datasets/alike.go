package datasets

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
)

// Alike is a test image and the training image that is most like it.
type Alike struct {
	Test, Train Sample
	Distance    int // how many of the 256 bits of their hashes differ
}

// NearBits is the Distance up to which two images count as near-duplicates unless one says otherwise: of magnetic tiles it
// finds a third of the test images whose tile trains, and one in two hundred others. Pictures of a fine regular texture
// are all this alike, so look at the pairs.
const NearBits = 10

// NearDuplicates finds the test images that look like a training image, the most alike first: pairs whose difference
// hashes are at most distance apart. The hash tells of each two neighbours among 17×16 grey values whether the right one
// is lighter, so it survives other sizes, compression and light, but no shift. All images are read once, on all cores.
func NearDuplicates(ctx context.Context, d *Data, distance int) ([]Alike, error) {
	train, err := hashes(ctx, d.Train)
	if err != nil {
		return nil, fmt.Errorf("looking for near-duplicates: %w", err)
	}
	test, err := hashes(ctx, d.Test)
	if err != nil {
		return nil, fmt.Errorf("looking for near-duplicates: %w", err)
	}
	var found []Alike
	for i, h := range test {
		best := Alike{Distance: distance + 1}
		for j, other := range train {
			if n := h.distance(other); n < best.Distance {
				best = Alike{d.Test[i], d.Train[j], n}
			}
		}
		if best.Distance <= distance {
			found = append(found, best)
		}
	}
	slices.SortStableFunc(found, func(a, b Alike) int { return cmp.Compare(a.Distance, b.Distance) })
	return found, nil
}

// hashSide is the number of rows, and of comparisons in each.
const hashSide = 16

// differenceHash has a bit for each comparison.
type differenceHash [hashSide * hashSide / 64]uint64

func (h differenceHash) distance(other differenceHash) int {
	n := 0
	for i := range h {
		n += bits.OnesCount64(h[i] ^ other[i])
	}
	return n
}

func hashes(ctx context.Context, set Set) ([]differenceHash, error) {
	out, errs := make([]differenceHash, len(set)), make([]error, len(set))
	inParallel(ctx, len(set), func(i int) {
		im, _, err := set[i].Load(hashSide, hashSide+1)
		if errs[i] = err; err == nil {
			out[i] = differenceHashOf(im)
		}
	})
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// differenceHashOf hashes a picture of 17×16 pixels (w×h).
func differenceHashOf(im *Image) (h differenceHash) {
	light := func(x, y int) int { // 1000 times the luma of ITU-R BT.601
		p := im.Pix[3*(y*im.W+x):]
		return 299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])
	}
	for y := range hashSide {
		for x := range hashSide {
			if bit := y*hashSide + x; light(x, y) < light(x+1, y) {
				h[bit/64] |= 1 << (bit % 64)
			}
		}
	}
	return h
}
