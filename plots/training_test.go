package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestTrainingGolden(t *testing.T) { golden(t, "training", plots.Training(sampleLog())) }
