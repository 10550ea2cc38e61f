package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestPRGolden(t *testing.T) { golden(t, "pr", plots.PR(sampleRanking(0.05), plots.At(0.45))) }
