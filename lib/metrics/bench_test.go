package metrics

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// tileSet resembles the maps of a test set: normal pixels around a level that drifts over the image, defects higher,
// a third of the images without one.
func tileSet(images, side int) (maps [][]float32, masks [][]uint8) {
	for i := range images {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		m, mask := make([]float32, side*side), []uint8(nil)
		if i%3 > 0 {
			mask = make([]uint8, side*side)
			for range 2 {
				disc(mask, side, rng.IntN(side), rng.IntN(side), side/32+rng.IntN(side/16))
			}
		}
		for j := range m {
			level := 1 + 0.3*math.Sin(float64(j%side)/float64(side)*7+float64(i))
			if mask != nil && mask[j] != 0 {
				level += 0.8
			}
			m[j] = float32(level + 0.4*(rng.Float64()+rng.Float64()-1))
		}
		maps, masks = append(maps, m), append(masks, mask)
	}
	return maps, masks
}

func disc(mask []uint8, side, cx, cy, r int) {
	for y := max(0, cy-r); y < min(side, cy+r); y++ {
		for x := max(0, cx-r); x < min(side, cx+r); x++ {
			if (x-cx)*(x-cx)+(y-cy)*(y-cy) < r*r {
				mask[y*side+x] = 1
			}
		}
	}
}

// The set on which other programs' AUPRO was timed: 83 images of 1024². Each figure starts from the maps.
func BenchmarkTestSet(b *testing.B) {
	maps, masks := tileSet(83, 1024)
	for _, f := range []struct {
		name string
		run  func(p *Pixels) error
	}{
		{"AUPRO0.3", func(p *Pixels) error { _, err := p.AUPRO(0.3); return err }},
		{"AUPRO0.05", func(p *Pixels) error { _, err := p.AUPRO(0.05); return err }},
		{"Sorting", func(*Pixels) error { slices.Sort(slices.Concat(maps...)); return nil }}, // what a curve by sorting costs at least
		{"AUROC", func(p *Pixels) error { p.AUROC(); return nil }},
		{"ReferencePRO", func(p *Pixels) error { _, err := p.ReferencePRO(); return err }},
		{"AUPIMO", func(p *Pixels) error { _, _, err := p.AUPIMO(AUPIMOLower, AUPIMOUpper); return err }},
		{"Intervals", func(p *Pixels) error { _, err := p.Intervals(Bootstrap{}, 0.3, 0.05); return err }},
	} {
		b.Run(f.name, func(b *testing.B) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				p, err := NewPixels(maps, masks, 1024, 1024)
				if err == nil {
					err = f.run(p)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/(1<<20), "MiB/op")
		})
	}
}
