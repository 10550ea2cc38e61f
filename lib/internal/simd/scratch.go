package simd

import (
	"sync"
	"unsafe"
)

// scratch is the memory one worker uses during a task. It is kept for the next task, so a training step allocates only
// the first time.
type scratch struct {
	_ [128]byte // workers' blocks must not share a cache line
	kernelArgs
	wide     []wideTile
	stacks   []stackTile
	winoTmp  []float32
	segments []segment
	offsets  []int32
	taps     []tap
	tiles    []tile
	places   []place
	mem      [4][]float32

	filtersOf *winograd // whose filters the worker has in mem[3]; see ownFilters
	_         [128]byte
}

// kernelArgs are the arguments of the kernels that a worker runs, which cannot be on its stack.
type kernelArgs struct {
	tile   tileArgs
	dot    dotArgs
	maps   mapArgs
	reduce reduceArgs
	adam   adamArgs
	norm   normArgs
	wino   winoArgs
	planes planeArgs
	pad    padArgs
	weave  weaveArgs
	merge  mergeArgs
}

// winoTmpFloats is the memory that Winograd's transforms use: six rows of six vectors and some more of sixteen values.
const winoTmpFloats = 8 * 6 * 16

func newScratch() *scratch { return &scratch{winoTmp: aligned(winoTmpFloats)} }

// forget lets go of the caller's arrays, which the arguments would keep alive.
func (s *scratch) forget() { s.kernelArgs, s.filtersOf = kernelArgs{}, nil }

// idle are blocks for work outside the pool's own: of callers that found the pool busy.
var idle struct {
	sync.Mutex
	list []*scratch
}

func borrowScratch() *scratch {
	idle.Lock()
	defer idle.Unlock()
	n := len(idle.list)
	if n == 0 {
		return newScratch()
	}
	s := idle.list[n-1]
	idle.list = idle.list[:n-1]
	return s
}

func returnScratch(s *scratch) {
	s.forget()
	idle.Lock()
	defer idle.Unlock()
	idle.list = append(idle.list, s)
}

// floats returns n floats of buffer which, aligned to a cache line and followed by zeros that kernels may read. The content
// is whatever was there, also NaN, which times zero is NaN: what a kernel reads and does not want must be cleared.
func (s *scratch) floats(which, n int) []float32 {
	if len(s.mem[which]) < n+overread {
		s.mem[which] = aligned(n + overread)
	}
	clear(s.mem[which][n : n+overread])
	return s.mem[which][:n]
}

// overread is how far past the end of its input a kernel may read, in floats.
const overread = 64

// aligned returns n zeros that start at a cache line.
func aligned(n int) []float32 {
	m := Floats(n + 16)
	skip := int(-uintptr(unsafe.Pointer(&m[0]))&63) / 4
	return m[skip : skip+n : skip+n]
}

// resized returns v with n elements of any content.
func resized[T any](v *[]T, n int) []T {
	if cap(*v) < n {
		*v = make([]T, n)
	}
	*v = (*v)[:n]
	return *v
}
