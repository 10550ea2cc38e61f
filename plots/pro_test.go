package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestPROGolden(t *testing.T) {
	golden(t, "pro", plots.PRO(samplePRO(), plots.With("half as good", plots.Curve{X: []float64{0, 0.1, 1}, Y: []float64{0, 0.5, 1}})))
}
