package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// A benchCase is what one process measures: the arguments are the same for both programs.
type benchCase struct {
	name string
	args []string
	bar  map[string]float64 // the ratio wanted, by the name of the row
}

// Shapes of the flows: the pyramids of EfficientNet-Lite0, of ResNet-18 and of WideResNet-50-2.
var (
	small  = []string{"--channels", "24,40,112", "--sizes", "32,16,8", "--batch", "8"}
	middle = []string{"--channels", "64,128,256", "--sizes", "32,16,8", "--batch", "8"}
	large  = []string{"--channels", "256,512,1024", "--sizes", "64,32,16", "--batch", "1"}
)

// cases are in the order of the table.
var cases = []benchCase{
	flowCase("train", small, 4), flowCase("train", middle, 3.5), flowCase("train", large, 3),
	flowCase("infer", small, 4), flowCase("infer", middle, 4), flowCase("infer", large, 4),
	backboneCase("efficientnet_lite0"), backboneCase("wide_resnet50_2"),
	opsCase("8,64,32,64", 2), opsCase("4,192,32,192", 2), opsCase("1,576,16,1024", 1.1),
}

func flowCase(what string, shape []string, bar float64) benchCase {
	name := what + " " + shape[1]
	return benchCase{name, append([]string{what}, shape...), map[string]float64{name: bar}}
}

func backboneCase(net string) benchCase {
	return benchCase{net, []string{"backbone", "--backbone", net, "--size", "256", "--batch", "8"}, map[string]float64{net: 1.2}}
}

func opsCase(shape string, bar float64) benchCase {
	name := "conv " + shape
	return benchCase{name, []string{"ops", "--shape", shape}, map[string]float64{name + " forward": bar, name + " forward+backward": bar}}
}

// timing is what both programs print about one thing, and the pass if it is a convolution.
type timing struct {
	Pass       string  `json:"pass,omitempty"`
	Median     float64 `json:"median_s"`
	Min        float64 `json:"min_s"`
	Processor  float64 `json:"processor_s"` // of all threads, the least
	Images     float64 `json:"images_per_s"`
	GFLOPS     float64 `json:"gflops"`
	PeakGFLOPS float64 `json:"peak_gflops,omitempty"`
	PeakBytes  uint64  `json:"peak_bytes"`
	StartBytes uint64  `json:"start_bytes"`
	Kernel     string  `json:"kernel"`
}

// A side is one of the programs that take turns.
type side string

const (
	ours  side = "msflow"
	peer  side = "pytorch"
	tuned side = "pytorch_tuned"
)

// tunedMalloc keeps glibc from returning freed memory to the system: by default PyTorch spends much of a step on fresh
// pages.
var tunedMalloc = []string{"MALLOC_MMAP_THRESHOLD_=4000000000", "MALLOC_TRIM_THRESHOLD_=8000000000", "MALLOC_TOP_PAD_=268435456"}

// measure runs every side once, and returns the greatest share of the machine that others used. Every other round goes the
// other way around.
func measure(ctx context.Context, o options, c benchCase, round int) (out map[side][]timing, others float64, err error) {
	order := []side{ours, peer, tuned}
	if round%2 == 1 {
		slices.Reverse(order)
	}
	out = map[side][]timing{}
	for _, s := range order {
		t, share, err := s.measure(ctx, o, c)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", s, err)
		}
		out[s], others = t, max(others, share)
	}
	return out, others, nil
}

// measure runs one process.
func (s side) measure(ctx context.Context, o options, c benchCase) ([]timing, float64, error) {
	args := slices.Concat(c.args, []string{"--json", "--threads", strconv.Itoa(o.threads), "--seconds", strconv.FormatFloat(o.seconds, 'g', -1, 64)})
	cmd := exec.CommandContext(ctx, o.msflow, append([]string{"bench"}, args...)...)
	if s != ours {
		cmd = exec.CommandContext(ctx, o.python, append([]string{"bench/peer_torch.py"}, args...)...)
	}
	if s == tuned {
		cmd.Env = append(os.Environ(), tunedMalloc...)
	}
	var problem strings.Builder
	cmd.Stderr = &problem
	text, others, err := othersShare(cmd)
	if err != nil {
		return nil, 0, fmt.Errorf("%w\n%s", err, problem.String())
	}
	t, err := decode(text)
	return t, others, err
}

// decode reads the JSON of one thing or of the passes of a convolution.
func decode(text []byte) ([]timing, error) {
	var v struct {
		timing
		Ops []timing `json:"ops"`
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fmt.Errorf("reading %q: %w", text, err)
	}
	if v.Ops == nil {
		v.Ops = []timing{v.timing}
	}
	for _, t := range v.Ops {
		if !(t.Median > 0) {
			return nil, fmt.Errorf("there is no time in %q", text)
		}
	}
	return v.Ops, nil
}
