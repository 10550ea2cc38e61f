package results

import (
	"github.com/msflow-go/msflow/lib/detector"
	"gonum.org/v1/gonum/stat/distuv"
)

// Proportion is the exact 95 % interval of a share of which k in n were seen (Clopper and Pearson).
func Proportion(k, n int) detector.Interval {
	i := detector.Interval{0, 1}
	if k > 0 {
		i[0] = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(0.025)
	}
	if k < n {
		i[1] = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(0.975)
	}
	return i
}
