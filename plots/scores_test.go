package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestScoresGolden(t *testing.T) {
	golden(t, "scores", plots.Scores(sampleScores(), plots.At(0.45)))
}
