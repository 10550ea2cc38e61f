package metrics_test

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/metrics"
)

// Detection: one score per image.
func ExampleRank() {
	scores := []float64{0.9, 0.8, 0.4, 0.3, 0.1}
	anomalous := []bool{true, true, false, true, false}
	r, err := metrics.Rank(scores, anomalous)
	if err != nil {
		fmt.Println(err)
		return
	}
	f1, threshold := r.F1Max()
	fmt.Printf("AUROC %.3f, AP %.3f, best F1 %.3f at %.1f\n", r.AUROC(), r.AP(), f1, threshold)
	// Output: AUROC 0.833, AP 0.917, best F1 0.857 at 0.3
}

// Localisation: one map and one mask per image. The defect of three pixels is found but for one of them.
func ExampleNewPixels() {
	maps := [][]float32{
		{0.1, 0.2, 0.1, 0.9, 0.8, 0.1, 0.2, 0.1},
		{0.2, 0.1, 0.3, 0.1, 0.1, 0.2, 0.1, 0.1},
	}
	masks := [][]uint8{
		{0, 0, 0, 1, 1, 1, 0, 0},
		nil,
	}
	p, err := metrics.NewPixels(maps, masks, 1, 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	aupro, err := p.AUPRO(0.3)
	fmt.Printf("%d region, AUROC %.3f, AUPRO %.3f %v\n", p.Regions(), p.AUROC(), aupro, err)
	// Output: 1 region, AUROC 0.769, AUPRO 0.667 <nil>
}

// How sure is an AUROC measured on five images?
func ExampleBootstrap() {
	scores := []float64{0.9, 0.8, 0.4, 0.3, 0.1}
	anomalous := []bool{true, true, false, true, false}
	interval, err := metrics.Bootstrap{Seed: 1}.AUROC(scores, anomalous)
	fmt.Println(interval, err)
	// Output: [0.333, 1.000] <nil>
}
