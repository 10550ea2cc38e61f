package sweep

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// Where a source lists all classes, their mean is the mean that it states: no value was copied wrongly.
func TestPublishedClassesHaveThePublishedMeans(t *testing.T) {
	type list struct {
		sum, mean [3]float64
		classes   int
	}
	lists := map[string]*list{}
	for _, p := range PublishedValues() {
		if p.Source == "" || p.Method == "" || math.IsNaN(p.Figures[0]) && math.IsNaN(p.Figures[1]) && math.IsNaN(p.Figures[2]) {
			t.Errorf("%+v", p)
		}
		if lists[p.Dataset+p.Method] == nil {
			lists[p.Dataset+p.Method] = &list{}
		}
		l := lists[p.Dataset+p.Method]
		if p.Class == "" {
			l.mean = p.Figures
			continue
		}
		l.classes++
		for i, v := range p.Figures {
			l.sum[i] += v
		}
	}
	whole := 0
	for method, l := range lists {
		if l.classes == 0 {
			continue
		}
		whole++
		for i, v := range l.mean {
			if d := math.Abs(v - l.sum[i]/float64(l.classes)); d > 0.0006 || l.classes != 15 {
				t.Errorf("%s: %d classes, figure %d differs from the mean by %v", method, l.classes, i, d)
			}
		}
	}
	if whole < 4 {
		t.Errorf("%d lists by classes", whole)
	}
}

// publishedTable has two classes of MVTec, tested after their epochs too.
func publishedTable() *Table {
	var results []Result
	for _, class := range []string{"bottle", "screw"} {
		for _, model := range []string{"msflow", "patchcore"} {
			r := made(class, model, "1", 0.9)
			r.Point.Flags["dataset"] = "mvtec"
			if model == "msflow" {
				r.Best = &[3]float64{0.95, math.NaN(), 0.55}
			}
			results = append(results, r)
		}
	}
	return NewTable(results, 0)
}

func TestPublishedStandBesideMeasured(t *testing.T) {
	for format, wants := range map[string][]string{
		"markdown": {
			"| bottle | PatchCore by anomalib (wide_resnet50_2) | 100.0 | 98.4 | – | patchcore | 90.0 | – | 45.0 | https://",
			"| mean of 15, here of 2 | MSFlow, best test epoch | 99.7 | 98.8 | 97.1 | msflow | 90.0 |",
			"| mean of 15 | Dinomaly | 99.6 | 98.4 | – | – | – | – | – |",
			"**Best test epoch**", "| **mean** | 95.0 | – | 55.0 | – | – | – |", "too good by construction",
		},
		"latex": {"screw & PatchCore by anomalib (wide\\_resnet50\\_2) & 96.0 & 98.9 & – & patchcore & 90.0", "best test epoch & \\multicolumn", "% https://arxiv.org"},
		"csv":   {"bottle,msflow,1,0.9,,0.45,last,", "bottle,msflow,1,0.95,,0.55,best,", ",MSFlow,,0.997,0.988,0.971,best,https://arxiv.org/abs/2308.15300", "screw,PatchCore by anomalib (wide_resnet50_2),,0.96,0.989,,,https://"},
	} {
		var b bytes.Buffer
		if err := publishedTable().Write(&b, format); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", format, want, b.String())
			}
		}
		if strings.Contains(b.String(), "carpet") {
			t.Errorf("%s: a class that the sweep has not", format)
		}
	}
}
