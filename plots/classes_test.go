package plots_test

import (
	"testing"

	"github.com/msflow-go/msflow/plots"
)

func TestClassesGolden(t *testing.T) {
	golden(t, "classes", plots.Classes(sampleResults(), plots.Name("MSFlow"), plots.With("published", samplePublished())))
}
