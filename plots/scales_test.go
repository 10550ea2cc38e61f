package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestScalesGolden(t *testing.T) { golden(t, "scales", plots.Scales(sampleScales()).Size(760, 160)) }
