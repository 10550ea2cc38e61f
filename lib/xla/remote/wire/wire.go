// Package wire is what the program and msflow-device say to each other: calls of net/rpc over two pipes, and arrays through
// memory that both have mapped. Both sides are one version of one program, so nothing in it has to last.
package wire

import (
	"fmt"
	"unsafe"
)

// Version changes with every message here: a msflow-device of another version is refused instead of misunderstood.
const Version = 1

// Files that msflow-device finds open when it starts.
const (
	Requests  = 3 + iota // calls of the program
	Replies              // and what they give
	Uploads              // memory for arrays that go to a device
	Downloads            // and for those that come from one
)

// Service is the name that net/rpc knows the plugin by.
const Service = "Plugin"

// Library is a library that a plugin finds opened when it starts: the first of some files that can be.
type Library struct {
	Name  string
	Files []string
}

// Failure is an error of the plugin; Code 0 is none of the plugin's own.
type Failure struct {
	Code    int
	Message string
}

// Reply is what every answer has: why there is none, or nothing.
type Reply struct{ Failed *Failure }

// Open asks to open a plugin.
type Open struct {
	Version int
	Path    string
	Needs   []Library
}

// Device is one of a plugin's devices.
type Device struct {
	ID   int
	Kind string
}

// Opened tells of the plugin and its devices. Missing names the libraries that could not be opened.
type Opened struct {
	Reply
	Minor             int
	Platform, Version string
	Devices           []Device
	Missing           []string
}

// Compile asks to compile StableHLO text for devices, by their places in [Opened].
type Compile struct {
	Devices []int
	Text    string
	Results int
}

// Named is the number of a new program or array.
type Named struct {
	Reply
	ID uint64
}

// Footprint is the memory that a program needs in bytes.
type Footprint struct {
	Reply
	Total, Temporary int64
}

// Memory is a device's memory in bytes.
type Memory struct {
	Reply
	InUse, Peak, Limit int64
}

// Transfer asks to copy an array from or to the shared memory, which is Size bytes large by now.
type Transfer struct {
	Device  int    // of an upload
	Buffer  uint64 // of a download
	Element Element
	Dims    []int
	Size    int
}

// Run asks to run a program on arrays, a list for each device. Those whose places are not in Keep are consumed if Donates.
type Run struct {
	Program uint64
	In      [][]uint64
	Keep    []int64
	Donates bool
}

// Ran has the results, a list for each device.
type Ran struct {
	Reply
	Out [][]uint64
}

// Element is the type of an array's elements.
type Element byte

// The types that devices know.
const (
	Float32 Element = iota
	Float64
	Int32
	Uint8
)

// Bytes is the memory of a slice of a type that devices know.
func Bytes(v any) (Element, []byte) {
	switch v := v.(type) {
	case []float32:
		return Float32, bytesOf(v)
	case []float64:
		return Float64, bytesOf(v)
	case []int32:
		return Int32, bytesOf(v)
	case []uint8:
		return Uint8, v
	}
	panic(fmt.Sprintf("xla: a device has no arrays of %T", v))
}

// Slice reads bytes as n elements, without copying them.
func Slice[T float32 | float64 | int32 | uint8](b []byte, n int) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n)
}

func bytesOf[T float32 | float64 | int32](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*int(unsafe.Sizeof(v[0])))
}

// Size is how many bytes an element takes.
func (e Element) Size() int { return [...]int{4, 8, 4, 1}[e] }
