package op

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
)

// poolShapes add maps that windows do not divide.
var poolShapes = append([][]int{{1, 3, 9, 6}}, mapShapes...)

var windows = []struct{ size, stride, pad int }{{3, 2, 1}, {1, 1, 0}, {2, 2, 1}, {3, 1, 1}, {5, 3, 2}, {3, 2, 0}}

// poolLaw is the law of a pool with windows of size×size pixels; want makes a number of a window's pixels, of which
// those outside x are zero and not inside.
func poolLaw(name string, s []int, size, stride, pad int, pool func(x *G.Node, k, stride, pad int) (*G.Node, error), want func(v []float64, inside []bool) float64) law {
	out := []int{s[0], s[1], (s[2]+2*pad-size)/stride + 1, (s[3]+2*pad-size)/stride + 1}
	return law{
		name:  fmt.Sprintf("%s%s window %d stride %d pad %d", name, shapeText(s), size, stride, pad),
		in:    []ref{random(testRand(), -1, 1, s...)},
		build: func(x []*G.Node) (*G.Node, error) { return pool(x[0], size, stride, pad) },
		want: func(x []ref) ref {
			return build(out, func(i []int) float64 {
				var v []float64
				var inside []bool
				for dy := range size {
					for dx := range size {
						y, xx := i[2]*stride+dy-pad, i[3]*stride+dx-pad
						v = append(v, x[0].padded(i[0], i[1], y, xx))
						inside = append(inside, y >= 0 && y < s[2] && xx >= 0 && xx < s[3])
					}
				}
				return want(v, inside)
			})
		},
	}
}

func resampleLaws() []law {
	var laws []law
	for _, s := range poolShapes {
		for _, k := range windows {
			if min(s[2], s[3])+2*k.pad >= k.size {
				laws = append(laws, poolLaw("AvgPool", s, k.size, k.stride, k.pad, AvgPool, func(v []float64, _ []bool) float64 {
					sum := 0.0
					for _, p := range v {
						sum += p
					}
					return sum / float64(len(v))
				}))
			}
		}
		for _, to := range [][2]int{{1, 1}, {2, 3}, {7, 5}, {s[2], s[3]}} {
			laws = append(laws, resizeLaw("AdaptiveAvgPool", s, to, AdaptiveAvgPool, cellMean), resizeLaw("Resize", s, to, Resize, bilinear))
		}
	}
	many := []int{2, 3, 8, 6} // enough for matrix products
	laws = append(laws, resizeLaw("AdaptiveAvgPool", many, [2]int{24, 21}, AdaptiveAvgPool, cellMean), resizeLaw("Resize", many, [2]int{24, 21}, Resize, bilinear))
	return append(laws, law{
		name:  "ReflectPad",
		in:    []ref{random(testRand(), -1, 1, 2, 3, 4, 3)},
		build: func(x []*G.Node) (*G.Node, error) { return ReflectPad(x[0], 3, 1, 0, 2) },
		want: func(x []ref) ref {
			rows, columns := []int{3, 2, 1, 0, 1, 2, 3, 2}, []int{0, 1, 2, 1, 0} // as one writes them down by hand
			return build([]int{2, 3, 8, 5}, func(i []int) float64 { return x[0].at(i[0], i[1], rows[i[2]], columns[i[3]]) })
		},
	})
}

func resizeLaw(name string, s []int, to [2]int, resize func(x *G.Node, h, w int) (*G.Node, error), want func(x ref, i []int, to [2]int) float64) law {
	return law{
		name:  fmt.Sprintf("%s%s to %d×%d", name, shapeText(s), to[0], to[1]),
		in:    []ref{random(testRand(), -1, 1, s...)},
		build: func(x []*G.Node) (*G.Node, error) { return resize(x[0], to[0], to[1]) },
		want: func(x []ref) ref {
			return build([]int{s[0], s[1], to[0], to[1]}, func(i []int) float64 { return want(x[0], i, to) })
		},
	}
}

// cellMean is the mean of the rows ⌊jH/h⌋ … ⌈(j+1)H/h⌉−1, and columns likewise.
func cellMean(x ref, i []int, to [2]int) float64 {
	h, w := x.shape[2], x.shape[3]
	sum, n := 0.0, 0.0
	for y := range h {
		for xx := range w {
			inRows := y >= i[2]*h/to[0] && float64(y) < float64((i[2]+1)*h)/float64(to[0])
			inColumns := xx >= i[3]*w/to[1] && float64(xx) < float64((i[3]+1)*w)/float64(to[1])
			if inRows && inColumns {
				sum, n = sum+x.at(i[0], i[1], y, xx), n+1
			}
		}
	}
	return sum / n
}

// bilinear weighs every pixel by how near it is to the sampled point: (1−|Δy|)⁺·(1−|Δx|)⁺.
func bilinear(x ref, i []int, to [2]int) float64 {
	point := func(j, in, out int) float64 {
		if out == 1 {
			return 0
		}
		return float64(j) * float64(in-1) / float64(out-1)
	}
	py, px := point(i[2], x.shape[2], to[0]), point(i[3], x.shape[3], to[1])
	sum := 0.0
	for y := range x.shape[2] {
		for xx := range x.shape[3] {
			sum += math.Max(0, 1-math.Abs(float64(y)-py)) * math.Max(0, 1-math.Abs(float64(xx)-px)) * x.at(i[0], i[1], y, xx)
		}
	}
	return sum
}
