package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestCompareGolden(t *testing.T) {
	golden(t, "compare", plots.Compare(sampleSummary(0), plots.Name("MSFlow"), plots.With("no fusion", sampleSummary(0.02)), plots.With("one scale", plots.Summed{Figures: []string{"det AUROC"}, Values: []float64{0.93}})))
}
