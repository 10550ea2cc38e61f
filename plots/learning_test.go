package plots_test

import (
	"math"
	"testing"

	"github.com/msflow-go/msflow/plots"
)

// grown are learning curves.
type grown struct {
	detectors, figures []string
	curves             [][4][]float64
}

func (g grown) Learning() (detectors, figures []string, curves [][4][]float64) {
	return g.detectors, g.figures, g.curves
}

// sampleGrowth has two detectors' losses over twenty epochs and a test after every fifth.
func sampleGrowth() (g grown) {
	for i, name := range []string{"msflow", "fastflow"} {
		for _, figure := range []string{"loss", "det_auroc"} {
			var k [4][]float64
			for e := 1; e <= 20; e++ {
				if figure != "loss" && e%5 != 0 {
					continue
				}
				v, spread := 9000*math.Exp(-float64(e)/(3+float64(i)))-2000, 300/float64(e)
				if figure != "loss" {
					v, spread = 0.98-0.02*float64(i)-0.5/float64(e), 0.01
				}
				for j, x := range []float64{float64(e), v, v - spread, v + spread} {
					k[j] = append(k[j], x)
				}
			}
			g.detectors, g.figures, g.curves = append(g.detectors, name), append(g.figures, figure), append(g.curves, k)
		}
	}
	return g
}

func TestLearningGolden(t *testing.T) { golden(t, "learning", plots.Learning(sampleGrowth())) }

func TestLearningRefuses(t *testing.T) {
	short := sampleGrowth()
	short.curves[1][2] = short.curves[1][2][:3]
	few := sampleGrowth()
	few.figures = few.figures[:1]
	for _, g := range []grown{{}, short, few} {
		if plots.Learning(g).Err() == nil {
			t.Error("curves of different lengths were drawn")
		}
	}
}
