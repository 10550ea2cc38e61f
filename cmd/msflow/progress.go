package main

import (
	"fmt"
	"io"
	"time"

	"github.com/msflow-go/msflow/lib/train"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a command has come: a bar with rate and time left on a terminal, plain lines elsewhere.
type progress struct {
	log    io.Writer
	epochs int
	begin  time.Time
	first  int // finished epochs when the first step was seen
	bar    *progressbar.ProgressBar
	tty    bool
}

func newProgress(log io.Writer, epochs int) *progress {
	f, ok := log.(interface{ Fd() uintptr })
	return &progress{log: log, epochs: epochs, first: -1, tty: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) newBar(total int, what string) {
	p.done()
	p.bar = progressbar.NewOptions(total,
		progressbar.OptionSetWriter(p.log), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("images"), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}

// features is the progress of the pass through the backbone.
func (p *progress) features(done, total int) { p.images("features", done, total) }

// fitting is the progress of a fit without epochs.
func (p *progress) fitting(done, total int) {
	if p.tty {
		p.images("fitting", done, total)
	}
}

// images is the progress of a pass over images.
func (p *progress) images(what string, done, total int) {
	switch {
	case !p.tty:
		if done == total && total == 1 {
			fmt.Fprintf(p.log, "%s: 1 image\n", what)
		} else if done == total {
			fmt.Fprintf(p.log, "%s: %d images\n", what, total)
		}
	case p.bar == nil:
		p.newBar(total, what)
		fallthrough
	default:
		_ = p.bar.Set(done)
		if done == total {
			p.done()
		}
	}
}

func (p *progress) step(s train.Step) {
	if p.first < 0 {
		p.first, p.begin = s.Epoch-1, time.Now()
		if p.tty {
			p.newBar((p.epochs-p.first)*s.Total, "training")
		}
	}
	if p.tty && p.bar != nil {
		p.bar.Describe(fmt.Sprintf("epoch %d/%d loss %.0f", s.Epoch, s.Epochs, s.Loss))
		_ = p.bar.Set((s.Epoch-1-p.first)*s.Total + s.Done)
	}
}

func (p *progress) epoch(e train.Epoch) {
	if p.tty {
		return
	}
	held := ""
	if e.HeldOut != 0 {
		held = fmt.Sprintf(", held out %.1f", e.HeldOut)
	}
	each := time.Since(p.begin) / time.Duration(max(1, e.Epoch-p.first))
	left := (each * time.Duration(p.epochs-e.Epoch)).Round(time.Second)
	fmt.Fprintf(p.log, "epoch %d/%d: loss %.1f%s, gradient %.3g, lr %.2g, %.1f images/s, %v left\n",
		e.Epoch, p.epochs, e.Loss, held, e.GradNorm, e.LR, e.Rate, left)
}
