package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

func convLaws() []law {
	var laws []law
	for _, k := range []struct {
		x, w []int
		c    Conv
	}{
		{[]int{2, 3, 5, 4}, []int{2, 3, 3, 3}, Conv{Pad: [4]int{1, 1, 1, 1}}},
		{[]int{1, 5, 4, 4}, []int{7, 5, 1, 1}, Conv{}},
		{[]int{1, 2, 7, 5}, []int{3, 2, 3, 3}, Conv{Stride: [2]int{2, 2}, Pad: [4]int{0, 1, 0, 1}}},
		{[]int{2, 4, 6, 5}, []int{6, 2, 3, 2}, Conv{Groups: 2, Stride: [2]int{1, 2}, Pad: [4]int{2, 0, 1, 1}}},
		{[]int{1, 3, 8, 7}, []int{3, 1, 3, 3}, Conv{Groups: 3, Dilation: [2]int{2, 3}, Pad: [4]int{2, 2, 3, 3}}},
		{[]int{3, 2, 1, 1}, []int{2, 2, 3, 3}, Conv{Pad: [4]int{1, 1, 1, 1}}},
		{[]int{1, 2, 6, 6}, []int{2, 2, 3, 3}, Conv{Stride: [2]int{4, 4}}},
	} {
		rng := testRand()
		in := []ref{random(rng, -1, 1, k.x...), random(rng, -1, 1, k.w...), random(rng, -1, 1, k.w[0])}
		laws = append(laws, law{
			name:  fmt.Sprintf("Conv2D%s%s%+v", shapeText(k.x), shapeText(k.w), k.c),
			in:    in,
			build: func(x []*G.Node) (*G.Node, error) { return Conv2D(x[0], x[1], x[2], k.c) },
			want:  func(x []ref) ref { return convolution(x[0], x[1], x[2], k.c) },
		}, law{
			name:  fmt.Sprintf("Conv2D without bias%s%s%+v", shapeText(k.x), shapeText(k.w), k.c),
			in:    in[:2],
			build: func(x []*G.Node) (*G.Node, error) { return Conv2D(x[0], x[1], nil, k.c) },
			want:  func(x []ref) ref { return convolution(x[0], x[1], newRef(k.w[0]), k.c) },
		})
	}
	return laws
}

// convolution as its definition says.
func convolution(x, w, bias ref, c Conv) ref {
	c = c.resolved()
	oh := (x.shape[2]+c.Pad[0]+c.Pad[1]-c.Dilation[0]*(w.shape[2]-1)-1)/c.Stride[0] + 1
	ow := (x.shape[3]+c.Pad[2]+c.Pad[3]-c.Dilation[1]*(w.shape[3]-1)-1)/c.Stride[1] + 1
	return build([]int{x.shape[0], w.shape[0], oh, ow}, func(i []int) float64 {
		sum := bias.at(i[1])
		group := i[1] / (w.shape[0] / c.Groups)
		for k := range w.shape[1] {
			for dy := range w.shape[2] {
				for dx := range w.shape[3] {
					sum += w.at(i[1], k, dy, dx) * x.padded(i[0], group*w.shape[1]+k,
						i[2]*c.Stride[0]+dy*c.Dilation[0]-c.Pad[0], i[3]*c.Stride[1]+dx*c.Dilation[1]-c.Pad[2])
				}
			}
		}
		return sum
	})
}
