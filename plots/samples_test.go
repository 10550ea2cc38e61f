package plots_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/metrics"
	"github.com/msflow-go/msflow/plots"
)

// The data that examples and golden pictures draw: made up, but of the shape of real ones.

// sampleScores are 60 normal images around 0.3 and 40 anomalous ones around 0.6.
func sampleScores() plots.Scored {
	rng := rand.New(rand.NewPCG(1, 1))
	var s plots.Scored
	for i := range 100 {
		anomalous := i >= 60
		v := 0.3 + 0.1*rng.NormFloat64()
		if anomalous {
			v += 0.3
		}
		s.Score, s.Anomalous = append(s.Score, math.Round(1000*v)/1000), append(s.Anomalous, anomalous)
	}
	return s
}

// sampleRanking ranks the sample scores; noise makes them worse.
func sampleRanking(noise float64) *metrics.Ranking {
	s, rng := sampleScores(), rand.New(rand.NewPCG(2, 2))
	for i := range s.Score {
		s.Score[i] += noise * rng.NormFloat64()
	}
	r, err := metrics.Rank(s.Scores())
	if err != nil {
		panic(err)
	}
	return r
}

// sampleLog is a training of 60 steps with the likelihoods of three scales.
func sampleLog() plots.Log {
	rng := rand.New(rand.NewPCG(3, 3))
	l := plots.Log{Names: []string{"step", "loss.train", "loss.held-out", "lr", "grad_norm", "logp.scale 1", "logp.scale 2", "logp.scale 3"}}
	l.Columns = make([][]float64, len(l.Names))
	for i := range 60 {
		f := float64(i)
		heldOut := math.NaN() // measured every fifth step
		if i%5 == 4 {
			heldOut = -6.1e5 + 5.8e5*math.Exp(-f/11)
		}
		rate := 1e-4 * min(1, 0.1+0.9*f/12)
		if i >= 45 {
			rate *= 0.33
		}
		row := []float64{f, -6.5e5 + 6e5*math.Exp(-f/10) + 9e3*rng.NormFloat64(), heldOut, rate, 2e4 * math.Exp(-f/15+0.3*rng.NormFloat64())}
		for k := range 3 {
			row = append(row, -0.5-0.05*float64(k)-math.Exp(-f/(8+2*float64(k))))
		}
		for j, v := range row {
			l.Columns[j] = append(l.Columns[j], v)
		}
	}
	return l
}

const sampleH, sampleW = 48, 64

// gallery is a small result with pictures: scratched tiles and good ones.
type gallery struct {
	plots.Scored
	pictures []image.Image
	maps     [][]float32
	truths   [][]uint8
}

func (g gallery) Picture(i int) (string, image.Image, error) {
	return fmt.Sprintf("tile/%03d.png", i), g.pictures[i], nil
}
func (g gallery) Map(i int) ([]float32, int, int) { return g.maps[i], sampleH, sampleW }
func (g gallery) Truth(i int) []uint8             { return g.truths[i] }
func (g gallery) Threshold() float64              { return 0.5 }
func (g gallery) PixelThreshold() float64         { return 2 }

// sampleGallery has six tiles, the even ones scratched. Tile 2 is missed, tile 3 a false alarm, tile 5's truth unknown.
func sampleGallery() gallery {
	g := gallery{Scored: plots.Scored{
		Score:     []float64{0.9, 0.2, 0.4, 0.6, 0.8, 0.1},
		Anomalous: []bool{true, false, true, false, true, false},
	}}
	for i := range 6 {
		picture, values, truth := sampleTile(i, g.Anomalous[i], 2.4*g.Score[i])
		if i == 5 {
			truth = nil
		}
		g.pictures, g.maps, g.truths = append(g.pictures, picture), append(g.maps, values), append(g.truths, truth)
	}
	return g
}

// sampleTile paints a tile, its scratch, and a map that finds the scratch with the given strength.
func sampleTile(seed int, scratched bool, strength float64) (image.Image, []float32, []uint8) {
	rng := rand.New(rand.NewPCG(4, uint64(seed)))
	picture := image.NewNRGBA(image.Rect(0, 0, 2*sampleW, 2*sampleH))
	values, truth := make([]float32, sampleH*sampleW), make([]uint8, sampleH*sampleW)
	cx, cy, slope := 20+24*rng.Float64(), 14+20*rng.Float64(), rng.Float64()-0.5
	for y := range 2 * sampleH {
		for x := range 2 * sampleW {
			u, v := float64(x)/2-cx, float64(y)/2-cy
			across, along := v-slope*u, math.Abs(u)
			grey := 150 + 25*math.Sin(float64(x)/7)*math.Cos(float64(y)/6) + 8*rng.NormFloat64()
			in := scratched && math.Abs(across) < 1.6 && along < 10
			if in {
				grey = 60
			}
			picture.SetNRGBA(x, y, color.NRGBA{uint8(grey), uint8(grey * 0.95), uint8(grey * 0.85), 255})
			if at := y/2*sampleW + x/2; x%2 == 0 && y%2 == 0 {
				far := across*across/20 + max(0, along-8)*max(0, along-8)/12
				values[at] = float32(0.9 + 0.1*math.Sin(float64(x)/11) + 0.03*rng.NormFloat64() + strength*math.Exp(-far))
				if in {
					truth[at] = 1
				}
			}
		}
	}
	return picture, values, truth
}

// LogP gives three coarser maps, so that the gallery is a Multiscaler.
func (g gallery) LogP(i int) (maps [][]float32, sizes [][2]int) {
	m := scalesOf(g.maps[i])
	return m.LogP, m.Sizes
}

// sampleScales is tile 0 as three scales see it.
func sampleScales() plots.ScaleMaps {
	g := sampleGallery()
	m := scalesOf(g.maps[0])
	m.Picture = g.pictures[0]
	return m
}

func scalesOf(fused []float32) plots.ScaleMaps {
	m := plots.ScaleMaps{Fused: fused, Height: sampleH, Width: sampleW}
	for _, step := range []int{2, 4, 8} {
		h, w := sampleH/step, sampleW/step
		values := make([]float32, h*w)
		for i := range values {
			y, x := i/w*step+step/2, i%w*step+step/2
			values[i] = -0.6 * fused[y*sampleW+x]
		}
		m.LogP, m.Sizes = append(m.LogP, values), append(m.Sizes, [2]int{h, w})
	}
	return m
}

// sampleLatents are nearly normal, the coarser the wider.
func sampleLatents() [][]float32 {
	rng := rand.New(rand.NewPCG(5, 5))
	z := make([][]float32, 3)
	for k := range z {
		for range 5000 {
			z[k] = append(z[k], float32(rng.NormFloat64()*(1+0.1*float64(k))+0.05*float64(k)))
		}
	}
	return z
}

// sampleBlocks are the log-determinants of 2, 5 and 8 blocks and the fusion flow, for three images.
func sampleBlocks() (names []string, logdet [][]float64) {
	rng := rand.New(rand.NewPCG(6, 6))
	for scale, n := range []int{2, 5, 8} {
		for b := range n {
			names = append(names, fmt.Sprintf("scale %d.%d", scale+1, b+1))
			m := 4000*rng.NormFloat64() + 3000
			logdet = append(logdet, []float64{m - 400*rng.Float64(), m, m + 900*rng.Float64()})
		}
	}
	return append(names, "fusion.1"), append(logdet, []float64{800, 950, 1200})
}

// sampleResults are the figures of four classes; no masks for the last.
func sampleResults() plots.Results {
	nan := math.NaN()
	return plots.Results{
		Classes: []string{"bottle", "cable", "metal nut", "screw"},
		Figures: []string{"det AUROC", "loc AUROC", "PRO"},
		Values:  [][]float64{{1, 0.987, 0.968}, {0.953, 0.962, 0.911}, {0.998, 0.991, 0.943}, {0.902, nan, nan}},
	}
}

// samplePRO is a per-region-overlap curve.
func samplePRO() plots.Curve {
	return plots.Curve{X: []float64{0, 0, 0.01, 0.05, 0.1, 0.3, 1}, Y: []float64{0, 0.4, 0.6, 0.8, 0.85, 0.95, 1}}
}

// samplePublished lacks a class and has its figures in another order.
func samplePublished() plots.Results {
	return plots.Results{
		Classes: []string{"cable", "bottle", "metal nut"},
		Figures: []string{"PRO", "det AUROC", "loc AUROC"},
		Values:  [][]float64{{0.94, 0.995, 0.985}, {0.977, 1, 0.99}, {0.95, 0.978, 0.991}},
	}
}

// sampleSummary has intervals for all figures but the last; less moves it down.
func sampleSummary(less float64) plots.Summed {
	s := plots.Summed{Figures: []string{"det AUROC", "loc AUROC", "PRO"}}
	for i, v := range []float64{0.984, 0.971, 0.93} {
		s.Values, s.Low, s.High = append(s.Values, v-less), append(s.Low, v-less-0.012), append(s.High, v-less+0.009)
		if i == 2 {
			s.Low[i], s.High[i] = math.NaN(), math.NaN()
		}
	}
	return s
}
