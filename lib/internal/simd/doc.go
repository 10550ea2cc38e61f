// Package simd holds the float32 loops where training and inference spend their time: convolution in its three passes,
// matrix product, element functions and the optimiser's update, all on a persistent pool of workers.
//
// Every loop exists in plain Go, which is its definition, and in assembly written by the program in gen: for amd64 in
// AVX2+FMA and AVX-512, for arm64 in NEON. The fastest variant the processor runs is chosen once, at start; the
// environment variable MSFLOW_SIMD (plain, avx2, avx512 or neon) forces one. Results are reproducible bit for bit for a
// given variant and Threads().
//
// Arrays are dense and row-major: images are (B,C,H,W), weights (Cout,Cin/groups,KH,KW). A slice that is too short for
// its shape is the caller's mistake and panics.
package simd

//go:generate go run ./gen .
