package simd

// variants lists the implementations, best first. Every arm64 processor that Go supports has NEON.
var variants = []variant{
	{name: "neon", available: true, lanes: 8, tile: tileNEON[:], dot: dotNEON[:], planes: planesNEON[:], elements: elementsNEON,
		winograd: winoAVX2, winoWoven: winoWovenNEON, wino: winoTransforms{input: winoInputNEON, grad: winoGradNEON, output: winoOutputNEON,
			filter: winoFilterNEON, flipped: winoFlippedNEON, filterGrad: winoFilterGradNEON},
		pad: padNEON, deal: dealNEON, merge: mergeNEON, weave: weaveNEON, depth: depthNEON, stack: [6]func(*tileArgs){3: stackNEON_3},
		adam: adamNEON, norm: normNEON, normGrad: normGradNEON, sum: sumNEON, squares: sumSquaresNEON, inner: innerNEON},
	plain,
}

// Features names the instruction sets of this processor that the package knows of.
func Features() []string { return []string{"NEON"} }

// winoNEON are AVX2's limits: the kernels are a translation of AVX2's.
var winoNEON = winoAVX2
