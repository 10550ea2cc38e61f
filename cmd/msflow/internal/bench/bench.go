// Package bench is the verb that measures this program's speed, a file for each thing measured.
package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/machine"
	"github.com/msflow-go/msflow/lib/op"
	"github.com/spf13/cobra"
)

// benchFlags is what all measurements share.
type benchFlags struct {
	seconds float64
	threads int
}

func Command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this program's speed on this machine",
		Long: "Measures on random data and prints medians. bench/peer_torch.py measures the same in PyTorch, and bench/compare\n" +
			"alternates the two. GFLOP count convolutions by their definition, also where Winograd's filtering needs fewer.",
	}
	cmd.AddCommand(benchOpsCommand(), benchTrainCommand(), benchInferCommand(), benchBackboneCommand(), benchDeviceCommand(), benchCurveCommand())
	return cmd
}

func (b *benchFlags) register(cmd *cobra.Command) {
	cmd.Flags().Float64Var(&b.seconds, "seconds", 3, "how long to measure each thing")
	cmd.Flags().IntVar(&b.threads, "threads", 0, "threads to use (0: all)")
}

// timing is what a measurement has to say.
type timing struct {
	Median     float64 `json:"median_s"`
	Min        float64 `json:"min_s"`
	Processor  float64 `json:"processor_s"` // of all threads, the least
	Images     float64 `json:"images_per_s"`
	GFLOPS     float64 `json:"gflops"`
	OfPeak     float64 `json:"of_peak"` // gflops over the machine's measured peak
	PeakGFLOPS float64 `json:"peak_gflops"`
	PeakBytes  uint64  `json:"peak_bytes"` // most memory the process ever had resident, since its start
	StartBytes uint64  `json:"start_bytes"`
	Runs       int     `json:"runs"`
	Threads    int     `json:"threads"`
	Kernel     string  `json:"kernel"`
}

// The largest --seconds, a day, and --threads.
const (
	mostSeconds = 24 * 60 * 60
	mostThreads = 4096
)

// measure runs f twice to warm up and then for the given time, at least three times.
func (b *benchFlags) measure(ctx context.Context, images int, work float64, f func() error) (timing, error) {
	if !(b.seconds >= 0 && b.seconds <= mostSeconds) || b.threads < 0 || b.threads > mostThreads {
		return timing{}, fmt.Errorf("--seconds %v, --threads %d: they lie between 0 and %d, and 0 and %d", b.seconds, b.threads, mostSeconds, mostThreads)
	}
	op.SetThreads(b.threads)
	t := timing{Threads: op.Threads(), StartBytes: machine.PeakMemory()}
	t.Kernel, _ = op.Processor()
	var took, used []float64
	for begin := time.Now(); len(took) < 5 || time.Since(begin).Seconds() < b.seconds; {
		start, before := time.Now(), machine.ProcessorTime()
		if err := f(); err != nil {
			return t, err
		}
		took = append(took, time.Since(start).Seconds())
		used = append(used, (machine.ProcessorTime() - before).Seconds())
		if err := ctx.Err(); err != nil {
			return t, err
		}
	}
	t.Runs, t.PeakBytes = len(took)-2, machine.PeakMemory()
	t.Min, t.Median, t.Processor = slices.Min(took[2:]), median(took[2:]), slices.Min(used[2:])
	t.PeakGFLOPS = op.Peak() / 1e9
	t.Images, t.GFLOPS = float64(images)/t.Median, work/t.Median/1e9
	if t.PeakGFLOPS > 0 {
		t.OfPeak = t.GFLOPS / t.PeakGFLOPS
	}
	return t, nil
}

// median is the middle value, of an even number the mean of the middle two. It sorts v.
func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// noise is n values of the standard normal distribution, the same at every call with the same seed.
func noise(n int, seed uint64) []float32 {
	rng, v := rand.New(rand.NewPCG(seed, 0)), make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// printTiming prints one measurement as JSON or as a line.
func printTiming(cmd *cobra.Command, what string, t timing) error {
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, t)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %.4g s (least %.4g s), %.2f images/s, %.1f GFLOP/s (%.0f %% of the peak of %.0f), at most %d MiB, %d threads, %s\n",
		what, t.Median, t.Min, t.Images, t.GFLOPS, 100*t.OfPeak, t.PeakGFLOPS, t.PeakBytes>>20, t.Threads, t.Kernel)
	return nil
}
