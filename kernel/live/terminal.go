package live

import (
	"slices"
	"strings"
)

// Terminal is what a terminal shows: a bar with how far it has come, and the losses of the epochs so far.
func (v view) Terminal(width int) string {
	text := v.text
	if !v.finished && v.total > 0 {
		text = bar(float64(v.done)/float64(v.total), 20) + " " + text
	}
	const most = 60
	if n := min(len(v.losses), width-8, most); n > 1 {
		text += "\nloss " + sparkline(v.losses, n)
	}
	return text
}

// bar is a fraction as a bar of so many characters, to an eighth of one.
func bar(f float64, width int) string {
	eighths := []rune(" ▏▎▍▌▋▊▉")
	n := int(max(0, min(1, f)) * float64(8*width))
	b := strings.Repeat("█", n/8)
	if n%8 > 0 {
		b += string(eighths[n%8])
	}
	return "|" + b + strings.Repeat(" ", width-len([]rune(b))) + "|"
}

// sparkline draws values as a row of n bars, each the mean of its share of them.
func sparkline(values []float64, n int) string {
	means := make([]float64, n)
	for i := range means {
		from, to := i*len(values)/n, (i+1)*len(values)/n
		for _, v := range values[from:to] {
			means[i] += v / float64(to-from)
		}
	}
	lo, hi := slices.Min(means), slices.Max(means)
	levels := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range means {
		level := 0
		if hi > lo {
			level = int((v - lo) / (hi - lo) * float64(len(levels)-1))
		}
		b.WriteRune(levels[min(max(level, 0), len(levels)-1)])
	}
	return b.String()
}
