// Package train fits flows by maximum likelihood: Adam with a clipped global gradient norm, the warm-up and decay of
// the MSFlow paper, checkpoints that resume to the same numbers, and a held-out likelihood for stopping early.
//
// It knows nothing of images or backbones: a Source hands it batches of maps.
package train
