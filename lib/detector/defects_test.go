package detector

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// A kind of defect is judged as a test of its images and the normal ones alone.
func TestEachDefectIsJudgedAlone(t *testing.T) {
	d, data := fitted(t)
	r, err := d.Test(context.Background(), data.Test)
	if err != nil {
		t.Fatal(err)
	}
	defects, err := r.ByDefect()
	if err != nil {
		t.Fatal(err)
	}
	if len(defects) != len(data.Test.Defects()) {
		t.Fatalf("%d kinds, want %v", len(defects), data.Test.Defects())
	}
	images, found := 0, 0
	for i, kind := range data.Test.Defects() {
		m := defects[i]
		var set datasets.Set
		for _, s := range data.Test {
			if !s.Anomalous || s.Defect == kind {
				set = append(set, s)
			}
		}
		alone, err := d.Test(context.Background(), set)
		if err != nil {
			t.Fatal(err)
		}
		if m.Defect != kind || m.Images != set.Anomalous() || math.Abs(m.DetAUROC-alone.DetAUROC) > 1e-9 || m.DetAUROCCI != alone.DetAUROCCI {
			t.Errorf("%s: %+v, alone det AUROC %v of %d", kind, m, alone.DetAUROC, alone.Anomalous)
		}
		if math.Abs(*m.LocAUROC-alone.LocAUROC) > 1e-5 || math.Abs(*m.AUPRO-alone.AUPRO) > 1e-5 {
			t.Errorf("%s: loc AUROC %v and AUPRO %v, alone %v and %v", kind, *m.LocAUROC, *m.AUPRO, alone.LocAUROC, alone.AUPRO)
		}
		images, found = images+m.Images, found+m.Found
		if !strings.Contains(defects.String(), "\n"+kind+" ") || !strings.Contains(defects.HTML(), kind) {
			t.Errorf("the table has no row %s:\n%s", kind, defects)
		}
	}
	above := 0
	for _, p := range r.Images {
		if p.Anomalous && p.Score >= r.DetThreshold {
			above++
		}
	}
	if images != r.Anomalous || found != above {
		t.Errorf("%d images of %d, %d found of %d", images, r.Anomalous, found, above)
	}
	for i := range r.Images {
		r.Images[i].Mask = nil
	}
	r.add, r.mul = nil, nil
	if defects, err = r.ByDefect(); err != nil || defects[0].LocAUROC != nil || !strings.Contains(defects.String(), "–") {
		t.Errorf("without masks: %v, %v", defects, err)
	}
}
