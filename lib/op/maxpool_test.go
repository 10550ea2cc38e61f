package op

import "math"

func maxPoolLaws() []law {
	var laws []law
	for _, s := range poolShapes {
		for _, k := range windows {
			if min(s[2], s[3])+2*k.pad < k.size {
				continue
			}
			laws = append(laws, poolLaw("MaxPool", s, k.size, k.stride, k.pad, MaxPool, func(v []float64, inside []bool) float64 {
				best := math.Inf(-1)
				for i, p := range v {
					if inside[i] {
						best = math.Max(best, p)
					}
				}
				return best
			}))
		}
	}
	return laws
}
