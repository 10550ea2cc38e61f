package simd

import "golang.org/x/sys/cpu"

var (
	hasAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2
	hasAVX512 = hasAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512DQ
)

// withShared adds the kernels that both instruction sets use.
func withShared(v variant) variant {
	v.pad, v.deal = padAVX2, dealAVX2
	v.merge, v.weave = mergeAVX2, weaveAVX2
	v.wino = winoTransforms{input: winoInputAVX2, grad: winoGradAVX2, output: winoOutputAVX2,
		filter: winoFilterAVX2, flipped: winoFlippedAVX2, filterGrad: winoFilterGradAVX2}
	return v
}

// withPairs adds the kernels of AVX-512 that have twice the values of AVX2's.
func withPairs(v variant) variant {
	v.pairs = winoTransforms{input: winoInputAVX512, grad: winoGradAVX512, output: winoOutputAVX512,
		filter: winoFilterAVX512, flipped: winoFlippedAVX512, filterGrad: winoFilterGradAVX512}
	return v
}

// variants lists the implementations, best first.
var variants = []variant{
	withShared(withPairs(variant{name: "avx512", available: hasAVX512, lanes: 16, tile: tileAVX512[:], dot: dotAVX512[:], planes: planesAVX512[:], narrow: narrowAVX512[:], elements: elementsAVX512,
		winograd: winoAVX512, depth: depthAVX512, stack: [6]func(*tileArgs){3: stackAVX512_3, 5: stackAVX512_5}, winoWoven: winoWovenAVX512, adam: adamAVX512, norm: normAVX512, normGrad: normGradAVX512,
		sum: sumAVX512, squares: sumSquaresAVX512, inner: innerAVX512})),
	withShared(variant{name: "avx2", available: hasAVX2, lanes: 8, tile: tileAVX2[:], dot: dotAVX2[:], planes: planesAVX2[:], elements: elementsAVX2,
		winograd: winoAVX2, depth: depthAVX2, stack: [6]func(*tileArgs){3: stackAVX2_3}, winoWoven: winoWovenAVX2, adam: adamAVX2, norm: normAVX2, normGrad: normGradAVX2,
		sum: sumAVX2, squares: sumSquaresAVX2, inner: innerAVX2}),
	plain,
}

// Features names the instruction sets of this processor that the package knows of.
func Features() []string {
	var f []string
	for _, x := range []struct {
		name string
		has  bool
	}{
		{"AVX2", cpu.X86.HasAVX2}, {"FMA", cpu.X86.HasFMA}, {"BMI2", cpu.X86.HasBMI2}, {"AVX512F", cpu.X86.HasAVX512F},
		{"AVX512BW", cpu.X86.HasAVX512BW}, {"AVX512VL", cpu.X86.HasAVX512VL}, {"AVX512DQ", cpu.X86.HasAVX512DQ},
	} {
		if x.has {
			f = append(f, x.name)
		}
	}
	return f
}
