package simd

import (
	"fmt"
	"os"
)

// A variant is one implementation of the package's kernels.
type variant struct {
	name      string
	available bool
	lanes     int // float32 values in a vector; 0 for plain Go, which has no kernels
	tile      []func(*tileArgs)
	dot       []func(*dotArgs)
	planes    []func(*planeArgs)
	narrow    []func(*planeArgs) // planes of one vector; may be nil
	winograd  winoLimits
	weave     func(*weaveArgs)
	elements  elementKernels
	wino      winoTransforms // eight tiles or filters at a time
	pairs     winoTransforms // sixteen, eight pairs of neighbours; may be nil
	winoWoven func(*winoArgs)

	pad, deal func(*padArgs)
	depth     func(*tileArgs)
	stack     [6]func(*tileArgs) // by the size of the filter; may be nil
	merge     func(*mergeArgs)
	adam      func(*adamArgs)
	norm      func(*normArgs)
	normGrad  func(*normArgs)
	sum       func(*reduceArgs)
	squares   func(*reduceArgs)
	inner     func(*reduceArgs)
}

// plain is the variant without kernels: every operation runs its defining loop.
var plain = variant{name: "plain", available: true}

// active is the variant in use.
var active = choose(os.Getenv("MSFLOW_SIMD"))

// choose returns the first available variant, or the one named.
func choose(name string) *variant {
	for i := range variants {
		v := &variants[i]
		if name == v.name && !v.available {
			panic(fmt.Sprintf("MSFLOW_SIMD=%s: this processor cannot run it; it has %v", name, Features()))
		}
		if v.available && (name == "" || name == v.name) {
			return v
		}
	}
	panic(fmt.Sprintf("MSFLOW_SIMD=%s: want plain, avx2, avx512 or neon", name))
}

// Kernel names the variant in use: plain, avx2, avx512 or neon.
func Kernel() string { return active.name }

// winoTransforms are Winograd's transforms of input, output's gradient and output, and of filters, turned filters and
// their gradient.
type winoTransforms struct{ input, grad, output, filter, flipped, filterGrad func(*winoArgs) }
