package display

import (
	"fmt"
	"html"
	"iter"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

// Bar is a progress bar: one output that changes in place. Its methods may be called from any goroutine.
type Bar struct {
	mu sync.Mutex
	p  engine.Progress
}

// Progress shows a bar for total steps; 0 when their number is not known.
func Progress(total float64, label string) *Bar {
	b := &Bar{p: engine.Progress{ID: newID(), Label: label, Total: total}}
	b.report()
	return b
}

func (b *Bar) report() { engine.Output().Progress(b.p) }

// Add moves the bar by n steps.
func (b *Bar) Add(n float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.p.Done += n
	b.report()
}

// Set moves the bar to n steps done.
func (b *Bar) Set(n float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.p.Done = n
	b.report()
}

// Label changes the text before the bar.
func (b *Bar) Label(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.p.Label = fmt.Sprintf(format, args...)
	b.report()
}

// Finish says that nothing more comes.
func (b *Bar) Finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.p.Finished = true
	b.report()
}

// Range counts from 0 to n-1 under a progress bar.
func Range(n int, label string) iter.Seq[int] {
	return func(yield func(int) bool) {
		b := Progress(float64(n), label)
		defer b.Finish()
		for i := range n {
			if !yield(i) {
				return
			}
			b.Add(1)
		}
	}
}

// Bars of the text form: full cells and the eighths of the one in progress.
const (
	barWidth = 30
	eighths  = " ▏▎▍▌▋▊▉"
)

// OfProgress is how a progress bar looks after it has run for a while.
func OfProgress(p engine.Progress, elapsed time.Duration) Data {
	text := progressText(p, elapsed)
	return Data{
		Data:     MIMEMap{MIMETypeText: text, MIMETypeHTML: progressHTML(p, elapsed)},
		Metadata: MIMEMap{},
	}
}

func fraction(p engine.Progress) float64 {
	if p.Total <= 0 {
		return math.NaN()
	}
	return min(1, max(0, p.Done/p.Total))
}

// progressText is "train  45% |█████▌     | 45/100 epochs [00:12 < 00:15, 3.7/s]".
func progressText(p engine.Progress, elapsed time.Duration) string {
	f := fraction(p)
	head := ""
	if p.Label != "" {
		head = p.Label + " "
	}
	if !math.IsNaN(f) {
		head += fmt.Sprintf("%3.0f%% |%s| ", 100*f, barText(f))
	}
	return head + progressCount(p) + " " + progressTimes(p, elapsed)
}

func barText(f float64) string {
	cells := int(f * barWidth * 8)
	bar := strings.Repeat("█", cells/8)
	if cells%8 > 0 {
		bar += string([]rune(eighths)[cells%8])
	}
	return bar + strings.Repeat(" ", barWidth-len([]rune(bar)))
}

func progressCount(p engine.Progress) string {
	s := fmt.Sprintf("%.6g", p.Done)
	if p.Total > 0 {
		s += fmt.Sprintf("/%.6g", p.Total)
	}
	if p.Unit != "" {
		s += " " + p.Unit
	}
	return s
}

func progressTimes(p engine.Progress, elapsed time.Duration) string {
	s := "[" + clock(elapsed)
	rate := p.Done / elapsed.Seconds()
	known := elapsed > 0 && p.Done > 0
	if known && p.Total > p.Done && !p.Finished {
		s += " < " + clock(time.Duration((p.Total-p.Done)/rate*float64(time.Second)))
	}
	if known {
		s += fmt.Sprintf(", %.3g/s", rate)
	}
	return s + "]"
}

// clock is d as 01:23 or 1:02:03.
func clock(d time.Duration) string {
	s := int(d.Seconds() + 0.5)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

func progressHTML(p engine.Progress, elapsed time.Duration) string {
	bar := "<progress style=\"width:20em;vertical-align:middle\"></progress>"
	if f := fraction(p); !math.IsNaN(f) {
		bar = fmt.Sprintf("<progress style=\"width:20em;vertical-align:middle\" max=\"1\" value=\"%.4f\"></progress> %.0f%%", f, 100*f)
	} else if p.Finished {
		bar = ""
	}
	return fmt.Sprintf("<div style=\"font-family:var(--jp-code-font-family,monospace)\">%s %s %s %s</div>",
		html.EscapeString(p.Label), bar, html.EscapeString(progressCount(p)), html.EscapeString(progressTimes(p, elapsed)))
}
