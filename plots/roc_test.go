package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestROCGolden(t *testing.T) {
	golden(t, "roc", plots.ROC(sampleRanking(0), plots.At(0.45), plots.Name("MSFlow"), plots.With("with noise", sampleRanking(0.15))))
}
