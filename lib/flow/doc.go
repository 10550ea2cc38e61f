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
// A new block is one type with Out, Forward, Inverse and Params, and one new row in the table of laws_table_test.go, which checks
// round trip, log-determinant and gradients. A new subnet is any function of the form [Subnet].
package flow
