package simd

import "unsafe"

// RowSums sets sums[i] to Sum of the i-th row of x, whose rows have n values.
func RowSums(sums []float64, x []float32, n int) {
	reduceRows(rowJob{kernel: active.sum, sums: sums, x: x, n: n})
}

// RowDots sets sums[i] to Σ x·y over the i-th rows of x and y, which have n values, added in float64.
func RowDots(sums []float64, x, y []float32, n int) {
	sameLength(len(x), y)
	reduceRows(rowJob{kernel: active.inner, sums: sums, x: x, y: y, n: n})
}

// rowJob reduces rows; an item is some rows that follow one another.
type rowJob struct {
	kernel func(*reduceArgs)
	sums   []float64
	x, y   []float32 // y is nil in a sum
	n      int
}

var rowJobs freeList[rowJob]

func reduceRows(r rowJob) {
	if r.n < 1 || len(r.x) < len(r.sums)*r.n {
		panic("simd: rows of no values, or fewer values than rows need")
	}
	j := rowJobs.get()
	defer rowJobs.put(j)
	*j = r
	dispatch(ceilDiv(len(r.sums), j.perItem()), j)
	*j = rowJob{}
}

func (j *rowJob) perItem() int { return max(1, elementBlock/j.n) }

// run implements task.
func (j *rowJob) run(i int, s *scratch) {
	for r := i * j.perItem(); r < min((i+1)*j.perItem(), len(j.sums)); r++ {
		x, y := j.x[r*j.n:(r+1)*j.n], []float32(nil)
		if j.y != nil {
			y = j.y[r*j.n : (r+1)*j.n]
		}
		j.sums[r] = reduceRow(j.kernel, x, y, &s.reduce)
	}
}

// reduceRow reduces the longest part of a row that the kernel can take by it, and the rest, or all without a kernel, by
// its loop.
func reduceRow(kernel func(*reduceArgs), x, y []float32, a *reduceArgs) (total float64) {
	done := 0
	for kernel != nil && len(x)-done >= 16 {
		*a = reduceArgs{a: unsafe.Pointer(&x[done]), n: min(reduceBlock, (len(x)-done)&^15)}
		if y != nil {
			a.b = unsafe.Pointer(&y[done])
		}
		callReduce(kernel, a)
		total += a.out
		done += a.n
	}
	if y == nil {
		for _, v := range x[done:] {
			total += float64(v)
		}
		return total
	}
	for i, v := range x[done:] {
		total += float64(v) * float64(y[done+i])
	}
	return total
}
