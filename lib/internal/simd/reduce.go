package simd

// SumSquares is Σ x[i]², added in float64. Long arrays are shared among the workers in blocks, whose sums are added in
// order.
func SumSquares(x []float32) float64 {
	blocks := len(x) / reduceBlock
	if active.squares == nil || blocks < 2 {
		return sumSquares(x)
	}
	sums := blockSums.get()
	defer blockSums.put(sums)
	s := resized(sums, blocks)
	reduceRows(rowJob{kernel: active.squares, sums: s, x: x, n: reduceBlock})
	total := sumSquares(x[blocks*reduceBlock:])
	for _, v := range s {
		total += v
	}
	return total
}

var blockSums freeList[[]float64]

func sumSquares(x []float32) float64 {
	whole := 0
	if active.squares != nil {
		whole = len(x) &^ 15
	}
	return reduceAlone(active.squares, x[:whole], nil) + reduceAlone(nil, x[whole:], x[whole:])
}

// reduceBlock is how many values a kernel, which cannot be interrupted, takes at a time.
const reduceBlock = 1 << 16

// reduceAlone is reduceRow with scratch of its own.
func reduceAlone(kernel func(*reduceArgs), x, y []float32) float64 {
	s := borrowScratch()
	defer returnScratch(s)
	return reduceRow(kernel, x, y, &s.reduce)
}
