package sweep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// live shows the points that run in a table below the lines of a sweep's log, on a terminal.
type live struct {
	to    io.Writer
	width func() int
	rows  func() []string
	mu    sync.Mutex
	drawn int // rows that stand below the lines
}

// terminal is the live table of a log that is a terminal, and nil elsewhere: there lines are enough.
func terminal(log io.Writer, rows func() []string) *live {
	f, ok := log.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	width := func() int {
		w, _, err := term.GetSize(int(f.Fd()))
		if err != nil || w < 20 {
			return 80
		}
		return w
	}
	return &live{to: log, width: width, rows: rows}
}

// Write writes whole lines above the table.
func (l *live) Write(lines []byte) (int, error) { return len(lines), l.draw(lines, true) }

// draw takes the table away, writes lines, and draws the table anew. Rows end before the last column, so that none is broken in two.
func (l *live) draw(lines []byte, table bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b bytes.Buffer
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", l.drawn)
	}
	l.drawn = 0
	b.Write(lines)
	if table {
		most := l.width() - 1
		for _, row := range l.rows() {
			if r := []rune(row); len(r) > most {
				row = string(r[:most-1]) + "…"
			}
			b.WriteString(row + "\n")
			l.drawn++
		}
	}
	_, err := l.to.Write(b.Bytes())
	return err
}

// refreshed draws the table every now and then until stop is called, which takes it away.
func (l *live) refreshed(every time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				_ = l.draw(nil, true) // a terminal that is gone shows nothing; the points go on
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		_ = l.draw(nil, false)
	}
}

// mostRows are the rows of the table: a cluster runs more points than a terminal has lines.
const mostRows = 20

// begun is a point that runs.
type begun struct {
	point Point
	at    time.Time
}

// rows are the points that run with how far they are, and a line about all.
func (r *running) rows() (rows []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	longest := 0
	for _, b := range r.now {
		longest = max(longest, len(b.point.Name()))
	}
	for i, b := range r.now {
		if i == mostRows {
			rows = append(rows, fmt.Sprintf("  … and %d more", len(r.now)-mostRows))
			break
		}
		rows = append(rows, fmt.Sprintf("  %-*s  %s  %s", longest, b.point.Name(), clock(time.Since(b.at)), r.folder.progress(b.point)))
	}
	if len(r.now) == 0 {
		return nil
	}
	text := fmt.Sprintf("  %d of %d complete, %d running", r.done, r.all, len(r.now))
	if r.ended > 0 {
		each := time.Since(r.began) / time.Duration(r.ended)
		text += fmt.Sprintf(", about %s left", clock(each*time.Duration(r.all-r.done-r.failed)))
	}
	return append(rows, text)
}

// clock is a duration as 1:02:03 or 2:03.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// progress is how far a point is, in words: its last epoch with the loss and the time that the others will take, or what it says itself.
func (f Folder) progress(p Point) string {
	if f.State(p) >= Trained {
		return "evaluating"
	}
	dir := f.Run(p)
	var run struct {
		Flags map[string]string `json:"flags"`
	}
	var last struct {
		Epoch   int     `json:"epoch"`
		Loss    float64 `json:"loss"`
		Seconds float64 `json:"seconds"`
	}
	if text, err := os.ReadFile(filepath.Join(dir, "run.json")); err == nil {
		_ = json.Unmarshal(text, &run) // written in whole; one of another version has other words
	}
	text, err := os.ReadFile(filepath.Join(dir, "log.jsonl"))
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	all, _ := strconv.Atoi(run.Flags["epochs"])
	if err != nil || json.Unmarshal(lines[len(lines)-1], &last) != nil || last.Epoch > all {
		return strings.TrimSpace(lastLine(filepath.Join(dir, logFile)))
	}
	left := time.Duration(float64(all-last.Epoch) * last.Seconds * float64(time.Second))
	return fmt.Sprintf("epoch %d/%d, loss %.1f, %s left", last.Epoch, all, last.Loss, clock(left))
}
