package metrics

import (
	"math"
	"testing"
)

func TestReferenceFigures(t *testing.T) {
	ref := loadReference(t)
	p, err := NewPixels(ref.maps, ref.masks, ref.h, ref.w)
	if err != nil {
		t.Fatal(err)
	}
	det, err := Rank(ref.scores, ref.labels)
	if err != nil {
		t.Fatal(err)
	}
	f1, _ := p.F1Max()
	got := map[string]float64{
		"det_auroc": det.AUROC(), "det_ap": det.AP(),
		"loc_auroc": p.AUROC(), "loc_ap": p.AP(), "loc_f1max": f1,
		"regions": float64(p.Regions()),
	}
	for name, limit := range map[string]float64{"aupro_0.05": 0.05, "aupro_0.3": 0.3, "aupro_1.0": 1} {
		if got[name], err = p.AUPRO(limit); err != nil {
			t.Fatal(err)
		}
	}
	pro, err := p.ReferencePRO()
	if err != nil {
		t.Fatal(err)
	}
	got["reference_pro_percent"] = 100 * pro
	for name, want := range ref.figure {
		tolerance := 1e-6
		if name == "reference_pro_percent" {
			tolerance = 0.05
		}
		have, measured := got[name]
		t.Logf("%-22s %.9f, off by %.2g", name, have, have-want)
		if !measured || !(math.Abs(have-want) <= tolerance) {
			t.Errorf("%s is %v, the reference has %v", name, have, want)
		}
	}
}
