package simd

import (
	"slices"
	"sync"
)

// buffers are kept for calls that need memory shared by all workers.
var buffers struct {
	sync.Mutex
	list [][]float32
}

// borrowBuffer returns n floats of any content, the smallest kept buffer that holds them or else a new one.
func borrowBuffer(n int) []float32 {
	buffers.Lock()
	defer buffers.Unlock()
	best := -1
	for i, b := range buffers.list {
		if cap(b) >= n && (best < 0 || cap(b) < cap(buffers.list[best])) {
			best = i
		}
	}
	if best < 0 {
		return aligned(n)
	}
	b := buffers.list[best]
	last := len(buffers.list) - 1
	buffers.list[best] = buffers.list[last]
	buffers.list = buffers.list[:last]
	return b[:n]
}

// keptBuffers is how many buffers wait for the next call; a convolution uses three.
const keptBuffers = 8

// returnBuffer keeps b, or the largest ones if there are too many.
func returnBuffer(b []float32) {
	buffers.Lock()
	defer buffers.Unlock()
	buffers.list = append(buffers.list, b[:0])
	if len(buffers.list) > keptBuffers {
		smallest := 0
		for i, k := range buffers.list {
			if cap(k) < cap(buffers.list[smallest]) {
				smallest = i
			}
		}
		buffers.list = slices.Delete(buffers.list, smallest, smallest+1)
	}
}
