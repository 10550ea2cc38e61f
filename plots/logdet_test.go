package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestLogDetGolden(t *testing.T) { golden(t, "logdet", plots.LogDet(sampleBlocks())) }
