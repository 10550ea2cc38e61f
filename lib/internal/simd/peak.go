package simd

import (
	"time"
	"unsafe"
)

// Peak measures how many float32 operations a second all of Threads() cores do at the most, a multiplication and an
// addition counted as two: the largest tile of a matrix product whose data stay in the first-level cache. It is the best
// of several short runs, because other programs can only slow one down; 0 in plain Go, which has no kernels.
func Peak() float64 {
	if active.lanes == 0 {
		return 0
	}
	threads := Threads()
	s := make([]scratch, threads)
	best := 0.0
	const tiles = 2000
	for range 25 {
		start := time.Now()
		Parallel(threads, func(i int) { peakTile(s, i, tiles) })
		best = max(best, float64(threads*tiles*peakTile(s, 0, 0))/time.Since(start).Seconds())
	}
	return best
}

// peakTile runs the largest tile n times and returns the work of one.
func peakTile(all []scratch, i, n int) int {
	const k = 256
	s, lanes, rows := &all[i], active.lanes, len(active.tile)-1
	x, w, y, table, tiles := s.floats(0, 2*lanes), s.floats(1, rows), s.floats(2, rows*2*lanes), resized(&s.taps, k), resized(&s.tiles, 1)
	clear(table)
	second, width := int32(4*lanes), int32(lanes)
	tiles[0] = tile{b: [2]int32{0, second}, c: [2]int32{0, second}, n: [2]int32{width, width}}
	s.tile = tileArgs{a: unsafe.Pointer(&w[0]), b: unsafe.Pointer(&x[0]), c: unsafe.Pointer(&y[0]), table: unsafe.Pointer(&table[0]),
		k: k, as: 4, ldc: 8 * lanes, tiles: unsafe.Pointer(&tiles[0]), count: 1}
	for range n {
		callTile(active.tile[rows], &s.tile)
	}
	return 2 * k * rows * 2 * lanes
}
