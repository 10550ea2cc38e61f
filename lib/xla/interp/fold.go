package interp

import (
	"slices"

	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func reduce(op *hlo.Op, in []*array, out *array) {
	axes, x, join := op.Ints("dimensions"), in[0], binary[op.Combine]
	for i := range out.data {
		out.data[i] = in[1].data[0]
	}
	j := make([]int, 0, out.Rank())
	each(x.Dims, func(at int, i []int) {
		j = j[:0]
		for k, v := range i {
			if !slices.Contains(axes, k) {
				j = append(j, v)
			}
		}
		to := offset(out.Dims, j)
		out.data[to] = join(out.data[to], x.data[at])
	})
}

// window calls fn for every element of x in the window that belongs to index i of the windows' results.
func window(op *hlo.Op, x *array, i []int, fn func(at int)) {
	size, stride, dilate := op.Ints("window_dimensions"), op.Ints("window_strides"), op.Ints("base_dilations")
	padding := op.Get("padding").([][2]int)
	j := make([]int, x.Rank())
	each(size, func(_ int, w []int) {
		for k := range j {
			at := i[k]*stride[k] + w[k] - padding[k][0]
			if dilate != nil {
				if at%dilate[k] != 0 {
					return
				}
				at /= dilate[k]
			}
			if at < 0 || at >= x.Dims[k] {
				return
			}
			j[k] = at
		}
		fn(offset(x.Dims, j))
	})
}

func reduceWindow(op *hlo.Op, in []*array, out *array) {
	join := binary[op.Combine]
	each(out.Dims, func(at int, i []int) {
		v := in[1].data[0]
		window(op, in[0], i, func(from int) { v = join(v, in[0].data[from]) })
		out.data[at] = v
	})
}

// selectAndScatter adds dy where its window has its largest element, the first of equal ones.
func selectAndScatter(op *hlo.Op, in []*array, out *array) {
	x, dy := in[0], in[1]
	each(dy.Dims, func(at int, i []int) {
		best := -1
		window(op, x, i, func(from int) {
			if best < 0 || !(x.data[best] >= x.data[from]) {
				best = from
			}
		})
		out.data[best] += dy.data[at]
	})
}
