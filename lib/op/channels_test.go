package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

func channelLaws() []law {
	var laws []law
	for _, s := range mapShapes {
		rng := testRand()
		x := random(rng, -1, 1, s...)
		perm := rng.Perm(s[1])
		laws = append(laws, law{
			name:  "Permute" + shapeText(s),
			in:    []ref{x},
			build: func(x []*G.Node) (*G.Node, error) { return Permute(x[0], perm) },
			want: func(x []ref) ref {
				return build(s, func(i []int) float64 { return x[0].at(i[0], perm[i[1]], i[2], i[3]) })
			},
		})
		for lo := range s[1] {
			for hi := lo + 1; hi <= s[1]; hi++ {
				laws = append(laws, law{
					name:  fmt.Sprintf("SliceChannels%s %d:%d", shapeText(s), lo, hi),
					in:    []ref{x},
					build: func(x []*G.Node) (*G.Node, error) { return SliceChannels(x[0], lo, hi) },
					want: func(x []ref) ref {
						return build([]int{s[0], hi - lo, s[2], s[3]}, func(i []int) float64 { return x[0].at(i[0], lo+i[1], i[2], i[3]) })
					},
				})
			}
		}
		laws = append(laws, law{
			name:  "EmbedChannels" + shapeText(s),
			in:    []ref{x},
			build: func(x []*G.Node) (*G.Node, error) { return apply(EmbedOp{2, s[1] + 3}, x[0]) },
			want: func(x []ref) ref {
				return build([]int{s[0], s[1] + 3, s[2], s[3]}, func(i []int) float64 {
					if i[1] < 2 || i[1] >= 2+s[1] {
						return 0
					}
					return x[0].at(i[0], i[1]-2, i[2], i[3])
				})
			},
		}, concatLaw(x, random(rng, -1, 1, s[0], 2, s[2], s[3])),
			concatLaw(x, random(rng, -1, 1, 1, 4, s[2], s[3]), random(rng, -1, 1, s[0], 1, s[2], s[3])),
			concatLaw(random(rng, -1, 1, 1, 4, s[2], s[3]), x))
	}
	return laws
}

func concatLaw(in ...ref) law {
	l := law{name: "Concat", in: in, build: func(x []*G.Node) (*G.Node, error) { return Concat(x...) }}
	s := append([]int(nil), in[0].shape...)
	s[1] = 0
	for _, x := range in {
		l.name += shapeText(x.shape)
		s[0], s[1] = max(s[0], x.shape[0]), s[1]+x.shape[1]
	}
	l.want = func(in []ref) ref {
		return build(s, func(i []int) float64 {
			c := i[1]
			for _, x := range in {
				if c < x.shape[1] {
					return x.at(i[0]%x.shape[0], c, i[2], i[3])
				}
				c -= x.shape[1]
			}
			panic("no such channel")
		})
	}
	return l
}
