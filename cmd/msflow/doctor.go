package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/machine"
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/weights"
	"github.com/msflow-go/msflow/lib/xla"
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
			if flags.WantsJSON(cmd) {
				return flags.PrintJSON(cmd, report)
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
	return append([]finding{
		{"program", true, fmt.Sprintf("msflow %s, %s, %s/%s", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)},
		processorFinding(),
		memoryFinding(),
		cacheFinding(),
		{"device", true, "cpu"},
	}, pluginFindings(xla.Report())...)
}

func processorFinding() finding {
	kernel, features := op.Processor()
	f := finding{"processor", true, fmt.Sprintf("%d threads, kernels: %s (the processor has %v)", runtime.GOMAXPROCS(0), kernel, features)}
	if kernel == "plain" {
		f.Good = false
		f.Says += "; without AVX2 or NEON training is ten to fifty times slower"
	}
	return f
}

func memoryFinding() finding {
	total, free, err := machine.Memory()
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

// pluginFindings tell of every plugin for accelerators and its devices.
func pluginFindings(plugins []xla.PluginReport) []finding {
	if len(plugins) == 0 {
		return []finding{{"plugin", false, fmt.Sprintf("no PJRT plugin was found, so there is no GPU to train on; pip install \"jax[cuda13]\" brings one for NVIDIA GPUs, "+
			"or set %s to the path of one", xla.PluginVariable)}}
	}
	var out []finding
	for _, p := range plugins {
		says := fmt.Sprintf("%s (from %s)", p.Path, p.From)
		switch {
		case p.Err != nil && p.Advice != "":
			says += fmt.Sprintf(": %s\n                 %s", p.Advice, firstLine(p.Err.Error()))
		case p.Err != nil:
			says += ": " + firstLine(p.Err.Error())
		}
		out = append(out, finding{"plugin", p.Err == nil, says})
		for _, d := range p.Devices {
			out = append(out, deviceFinding(d))
		}
		if p.Err == nil && len(p.Missing) > 0 {
			out = append(out, finding{"libraries", false, fmt.Sprintf("not beside the plugin, found elsewhere or missing: %s", strings.Join(p.Missing, ", "))})
		}
	}
	return out
}

// deviceFinding tells of one device of a plugin.
func deviceFinding(d *xla.Device) finding {
	says := fmt.Sprintf("%s, %s", d, firstLine(d.Version))
	if m := d.Memory(); m.Limit > 0 {
		const gib = 1 << 30
		says += fmt.Sprintf(", %.1f GiB of memory to use, %.1f GiB in use", float64(m.Limit)/gib, float64(m.InUse)/gib)
	}
	return finding{"device", true, says}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
