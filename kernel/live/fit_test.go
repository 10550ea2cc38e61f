package live

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/train"
)

// clock is a time that moves only when it is told to.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func (c *clock) pass(d time.Duration) { c.t = c.t.Add(d) }

func newFit() (*fit, *clock) {
	c := &clock{time.Unix(1000, 0)}
	return &fit{detector: &detector.Detector{}, now: c.now}, c
}

func TestLineTellsRateAndTimeLeft(t *testing.T) {
	f, c := newFit()
	f.Step(train.Step{Epoch: 1, Epochs: 2, Done: 8, Total: 32, Loss: 100})
	c.pass(2 * time.Second)
	f.Step(train.Step{Epoch: 1, Epochs: 2, Done: 24, Total: 32, Loss: 90})
	if got, want := f.line(), "epoch 1/2, loss 90, 8.0 images/s, 5s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if h := f.view().HTML(); !strings.Contains(h, `<progress value="24" max="64"`) {
		t.Errorf("no progress in %s", h)
	}
}

func TestChangesAreRare(t *testing.T) {
	f, c := newFit()
	f.Features(1, 100)
	first := f.shown
	c.pass(every / 2)
	f.Features(2, 100)
	if f.shown != first {
		t.Error("the output changes too often")
	}
	c.pass(every)
	f.Features(3, 100)
	if f.shown == first {
		t.Error("the output does not change")
	}
}

func TestEndSaysHow(t *testing.T) {
	f, c := newFit()
	f.Step(train.Step{Epoch: 1, Epochs: 2, Done: 8, Total: 32})
	c.pass(time.Second)
	f.Step(train.Step{Epoch: 2, Epochs: 2, Done: 32, Total: 32})
	f.detector.Epochs = []train.Epoch{{Epoch: 1, Loss: 50}, {Epoch: 2, Loss: 40}}
	f.Features(1, 1)
	f.End(nil)
	if v := f.view(); v.text != "trained 2 epochs to a loss of 40 nats" || strings.Contains(v.HTML(), "<progress") || !strings.Contains(v.HTML(), "<svg") {
		t.Errorf("%q", v.text)
	}
	f.End(context.Canceled)
	if got := f.line(); got != "interrupted after 2 epochs; the detector is as trained so far" {
		t.Errorf("%q", got)
	}
	f.End(errors.New("<disk full>"))
	if h := f.view().HTML(); !strings.Contains(h, "&lt;disk full&gt;") {
		t.Errorf("not escaped: %s", h)
	}
}
