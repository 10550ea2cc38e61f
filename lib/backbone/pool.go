package backbone

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// Pool halves the maps of a batch once more before they go to the flow, in windows of 3×3 with stride 2 and padding 1:
// "avg" (also "") divides by 9 everywhere, so that pixels beyond the edge count as zeros; "max" ignores them; "none"
// returns the maps as they are, sharing their memory. A map of h×w becomes ⌈h/2⌉ × ⌈w/2⌉. "mean" is the mean of the whole
// map, 1×1; "local" and "fine" are the views of Local and Fine. Pool panics for any other kind.
func Pool(f []Feature, batch int, kind string) []Feature {
	var pool func(dst, src Feature)
	switch kind {
	case "none":
		return f
	case "local":
		return Local(f, batch)
	case "fine":
		return Fine(f, batch)
	case "mean":
		return means(f, batch)
	case "", "avg":
		pool = avgPool
	case "max":
		pool = maxPool
	default:
		panic(fmt.Sprintf("backbone: pooling %q: want local, fine, avg, max, none or mean", kind))
	}
	out := make([]Feature, len(f))
	for i, src := range f {
		out[i] = poolShape(src)
		out[i].Data = make([]float32, batch*out[i].C*out[i].H*out[i].W)
		pool(out[i], src)
	}
	return out
}

// means is every map's mean over its pixels.
func means(f []Feature, batch int) []Feature {
	out := make([]Feature, len(f))
	for i, src := range f {
		out[i] = Feature{C: src.C, H: 1, W: 1, Data: make([]float32, batch*src.C)}
		sums := make([]float64, batch*src.C)
		simd.RowSums(sums, src.Data[:len(sums)*src.H*src.W], src.H*src.W)
		for k, s := range sums {
			out[i].Data[k] = float32(s / float64(src.H*src.W))
		}
	}
	return out
}

// poolShape is what f becomes, without memory.
func poolShape(f Feature) Feature { return Feature{C: f.C, H: (f.H + 1) / 2, W: (f.W + 1) / 2} }

// maxPool and avgPool work plane by plane, so they take whole batches: first the rows of a window are combined, then three
// neighbours in the result, which has one neutral value beyond each end.

func maxPool(dst, src Feature) {
	pool(dst, src, float32(math.Inf(-1)), func(row, more []float32) {
		for i, v := range more {
			row[i] = max(row[i], v)
		}
	}, func(out, row []float32) {
		for x := range out {
			out[x] = max(row[2*x], row[2*x+1], row[2*x+2])
		}
	})
}

func avgPool(dst, src Feature) {
	pool(dst, src, 0, func(row, more []float32) {
		for i, v := range more {
			row[i] += v
		}
	}, func(out, row []float32) {
		for x := range out {
			out[x] = (row[2*x] + row[2*x+1] + row[2*x+2]) / 9
		}
	})
}

func pool(dst, src Feature, neutral float32, combine, reduce func(a, b []float32)) {
	planes := len(src.Data) / (src.H * src.W)
	simd.Parallel(planes, func(p int) {
		in, out := src.Data[p*src.H*src.W:], dst.Data[p*dst.H*dst.W:]
		row := make([]float32, src.W+2)
		for y := range dst.H {
			for i := range row {
				row[i] = neutral
			}
			for from := max(0, 2*y-1); from < min(src.H, 2*y+2); from++ {
				combine(row[1:1+src.W], in[from*src.W:(from+1)*src.W])
			}
			reduce(out[y*dst.W:(y+1)*dst.W], row)
		}
	})
}
