package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestLatentsGolden(t *testing.T) { golden(t, "latents", plots.Latents(sampleLatents())) }
