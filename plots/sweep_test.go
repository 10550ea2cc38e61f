package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestSweepGolden(t *testing.T) { golden(t, "sweep", plots.Sweep(sampleScores(), plots.At(0.5))) }
