// Package xla runs Gorgonia graphs on accelerators: it translates a graph to StableHLO, has XLA compile it through a PJRT
// plugin, and keeps parameters in the device's memory. It uses no cgo: a process of its own, msflow-device, opens the plugin.
//
// [Open] finds a device, [Lower] translates, [Compile] makes a graph's forward pass ready to run, and [NewTraining] a whole
// step: loss, gradients, clipping, Adam and its schedule in one program.
package xla
