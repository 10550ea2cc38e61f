//go:build unix

package simd

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// benchShapes are the subnets' convolutions at the three scales, larger backbones' channels, and the other kinds.
var benchShapes = []ConvShape{
	same(8, 12, 32, 24), same(8, 76, 32, 24), same(8, 24, 32, 24),
	same(8, 20, 16, 40), same(8, 84, 16, 40), same(8, 40, 16, 40),
	same(8, 56, 8, 112), same(8, 120, 8, 112), same(8, 112, 8, 112),
	same(8, 64, 64, 64), same(8, 128, 32, 128), same(8, 256, 16, 256), same(2, 512, 32, 512), same(1, 1024, 16, 1024),
	same(8, 64, 56, 64), same(8, 128, 28, 128), same(8, 256, 14, 256),
	convCase(8, 64, 32, 32, 64, 1, 1), convCase(8, 24, 32, 32, 144, 1, 1),
	convCase(8, 96, 32, 32, 96, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 96),
	convCase(8, 96, 32, 32, 96, 5, 5, 2, 2, 2, 2, 2, 2, 1, 1, 96),
	convCase(8, 3, 256, 256, 64, 7, 7, 2, 2, 3, 3, 3, 3),
	convCase(8, 64, 64, 64, 128, 3, 3, 2, 2, 1, 1, 1, 1),
}

// flops is the work of one pass, a multiplication and an addition for each weight and output, also where it is zero
// padding.
func (s ConvShape) flops() float64 {
	return 2 * float64(s.lenY()) * float64(s.Cin/s.Groups*s.KH*s.KW)
}

// measure reports f's speed, and the speed for each second a processor spent, which other programs disturb less.
func measure(b *testing.B, flops float64, f func()) {
	f()
	before := processorTime()
	for b.Loop() {
		f()
	}
	used := processorTime() - before
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	b.ReportMetric(flops*float64(b.N)/used.Seconds()/1e9, "GFLOP/cpu-s")
}

// processorTime is what all threads of the process have used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPeak is the most one core and all cores do: a tile whose data stay in the first-level cache.
func BenchmarkPeak(b *testing.B) {
	for _, threads := range []int{1, Threads()} {
		b.Run(fmt.Sprint(threads), func(b *testing.B) {
			flops := float64(threads * 1000 * peakTile(make([]scratch, 1), 0, 0))
			s := make([]scratch, threads)
			measure(b, flops, func() { Parallel(threads, func(i int) { peakTile(s, i, 1000) }) })
		})
	}
}

func benchConv(b *testing.B, pass func(y, x, w []float32, s ConvShape)) {
	for i := range variants {
		if v := &variants[i]; v.available {
			b.Run(v.name, func(b *testing.B) {
				old := active
				defer func() { active = old }()
				active = v
				for _, s := range benchShapes {
					if v.lanes == 0 && s.flops() > 1e8 {
						continue
					}
					b.Run(fmt.Sprint(s), func(b *testing.B) {
						y, x, w := random(s.lenY()), random(s.lenX()), random(s.lenW())
						b.ReportAllocs()
						measure(b, s.flops(), func() { pass(y, x, w, s) })
					})
				}
			})
		}
	}
}

func BenchmarkConv2D(b *testing.B) {
	benchConv(b, func(y, x, w []float32, s ConvShape) { Conv2D(y, x, w, nil, s) })
}

func BenchmarkConvGradInput(b *testing.B) {
	benchConv(b, func(y, x, w []float32, s ConvShape) { ConvGradInput(x, y, w, s) })
}

func BenchmarkConvGradWeight(b *testing.B) {
	benchConv(b, func(y, x, w []float32, s ConvShape) { ConvGradWeight(w, x, y, s) })
}

func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{64, 256, 1024} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, y, z := random(n*n), random(n*n), random(n*n)
			measure(b, 2*float64(n*n*n), func() { Gemm(false, false, n, n, n, 1, x, n, y, n, 0, z, n) })
		})
	}
}
