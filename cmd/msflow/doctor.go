package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/weights"
	"github.com/spf13/cobra"
)

// finding is one line of the doctor's report.
type finding struct {
	Name string `json:"name"`
	Good bool   `json:"good"`
	Says string `json:"says"`
}

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine offers and what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report := diagnose()
			if wantsJSON(cmd) {
				return printJSON(cmd, report)
			}
			for _, f := range report {
				mark := "ok  "
				if !f.Good {
					mark = "note"
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-10s %s\n", mark, f.Name, f.Says)
			}
			return nil
		},
	}
}

func diagnose() []finding {
	return []finding{
		{"program", true, fmt.Sprintf("msflow %s, %s, %s/%s", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)},
		processorFinding(),
		memoryFinding(),
		cacheFinding(),
		deviceFinding(),
	}
}

func processorFinding() finding {
	kernel, features := op.Processor()
	f := finding{"processor", true, fmt.Sprintf("%d threads, kernels: %s (the processor has %v)", runtime.GOMAXPROCS(0), kernel, features)}
	if kernel == "plain" {
		f.Good = false
		f.Says += "; without AVX2 training is ten to fifty times slower"
	}
	return f
}

func memoryFinding() finding {
	total, free, err := memory()
	if err != nil {
		return finding{"memory", false, fmt.Sprintf("how much there is cannot be told: %v", err)}
	}
	const gib = 1 << 30
	return finding{"memory", free > 2*gib, fmt.Sprintf("%.1f GiB, %.1f GiB of it free", float64(total)/gib, float64(free)/gib)}
}

func cacheFinding() finding {
	dir := weights.CacheDir()
	if _, err := os.Stat(dir); err != nil {
		return finding{"cache", true, fmt.Sprintf("%s, empty so far; efficientnet_lite0 needs no download", dir)}
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return finding{"cache", false, fmt.Sprintf("%s cannot be written to: %v", dir, err)}
	}
	f.Close()
	os.Remove(f.Name())
	return finding{"cache", true, dir}
}

// deviceFinding tells which devices can train.
func deviceFinding() finding { return finding{"devices", true, "cpu"} }
