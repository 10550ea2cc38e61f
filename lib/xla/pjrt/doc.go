// Package pjrt talks to XLA through the PJRT C API: it opens a plugin (a shared library such as xla_cuda_plugin.so),
// compiles StableHLO text for its device and runs the result on buffers in the device's memory. It uses no cgo.
//
// Every function of the API takes a pointer to one struct of arguments and returns an error or null. A plugin refuses a
// struct that is smaller than its own and accepts a larger one, so the structs here end in spare words, which are zero:
// a plugin newer than the header that they were written from (0.104) finds the fields that it has gained empty.
package pjrt
