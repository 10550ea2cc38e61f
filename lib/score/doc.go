// Package score turns the latents of a multi-scale flow into what a user reads: a pixel map of abnormality and one
// score per image (MSFlow, arXiv 2308.15300, section III-D).
//
// Letters used throughout: z_i is the latent of scale i, (B,C,h_i,w_i); logp_i its log-likelihood map, (B,h_i,w_i);
// H×W the size of the pixel maps, normally that of the network's input. Slices are dense and row-major. Every function
// is safe to call from several goroutines at once, so a caller spreads images over cores as it likes.
//
// A slice whose length contradicts its stated shape is the caller's mistake and panics with both lengths.
package score

import "fmt"

// mustHold panics unless a slice called name has the want values its shape promises.
func mustHold(name string, have, want int) {
	if have != want {
		panic(fmt.Sprintf("score: %s holds %d values, its shape needs %d", name, have, want))
	}
}
