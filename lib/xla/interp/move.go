package interp

import (
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

// each calls fn for every index of an array of the given dimensions in row-major order.
func each(dims []int, fn func(at int, i []int)) {
	i := make([]int, len(dims))
	n := hlo.Type{Dims: dims}.Size()
	for at := range n {
		fn(at, i)
		for d := len(dims) - 1; d >= 0; d-- {
			if i[d]++; i[d] < dims[d] {
				break
			}
			i[d] = 0
		}
	}
}

// offset is where the element at an index lies.
func offset(dims, i []int) int {
	at := 0
	for d, n := range dims {
		at = at*n + i[d]
	}
	return at
}

// read fills out with the elements of x at the indices that from writes for each of out's.
func read(out, x *array, from func(i, j []int)) {
	j := make([]int, x.Rank())
	each(out.Dims, func(at int, i []int) {
		from(i, j)
		out.data[at] = x.data[offset(x.Dims, j)]
	})
}

func count(op *hlo.Op, _ []*array, out *array) {
	axis := op.Get("iota_dimension").(int)
	each(out.Dims, func(at int, i []int) { out.data[at] = float64(i[axis]) })
}

func broadcast(op *hlo.Op, in []*array, out *array) {
	axes, x := op.Ints("broadcast_dimensions"), in[0]
	read(out, x, func(i, j []int) {
		for k, a := range axes {
			j[k] = 0
			if x.Dims[k] > 1 {
				j[k] = i[a]
			}
		}
	})
}

func transpose(op *hlo.Op, in []*array, out *array) {
	perm := op.Ints("permutation")
	read(out, in[0], func(i, j []int) {
		for k, p := range perm {
			j[p] = i[k]
		}
	})
}

func slice(op *hlo.Op, in []*array, out *array) {
	lo, stride := op.Ints("start_indices"), op.Ints("strides")
	read(out, in[0], func(i, j []int) {
		for k := range j {
			j[k] = lo[k] + i[k]*stride[k]
		}
	})
}

func dynamicSlice(_ *hlo.Op, in []*array, out *array) {
	x := in[0]
	read(out, x, func(i, j []int) {
		for k := range j {
			j[k] = i[k] + min(max(int(in[1+k].data[0]), 0), x.Dims[k]-out.Dims[k])
		}
	})
}

func pad(op *hlo.Op, in []*array, out *array) {
	low, interior, x := op.Ints("edge_padding_low"), op.Ints("interior_padding"), in[0]
	for i := range out.data {
		out.data[i] = in[1].data[0]
	}
	j := make([]int, x.Rank())
	each(x.Dims, func(at int, i []int) {
		for k := range j {
			if j[k] = low[k] + i[k]*(interior[k]+1); j[k] < 0 || j[k] >= out.Dims[k] {
				return
			}
		}
		out.data[offset(out.Dims, j)] = x.data[at]
	})
}

func concatenate(op *hlo.Op, in []*array, out *array) {
	axis, first := op.Get("dimension").(int), 0
	j := make([]int, out.Rank())
	for _, x := range in {
		each(x.Dims, func(at int, i []int) {
			copy(j, i)
			j[axis] += first
			out.data[offset(out.Dims, j)] = x.data[at]
		})
		first += x.Dims[axis]
	}
}

func reverse(op *hlo.Op, in []*array, out *array) {
	x := in[0]
	read(out, x, func(i, j []int) {
		copy(j, i)
		for _, a := range op.Ints("dimensions") {
			j[a] = x.Dims[a] - 1 - i[a]
		}
	})
}

// gather takes elements along one axis, the only form that hlo.Func.Take writes.
func gather(op *hlo.Op, in []*array, out *array) {
	axis := op.Get("dimension_numbers").(hlo.GatherAxes).Axis
	read(out, in[0], func(i, j []int) {
		copy(j, i)
		j[axis] = int(in[1].data[i[axis]])
	})
}
