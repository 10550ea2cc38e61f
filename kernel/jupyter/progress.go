package jupyter

import (
	"fmt"
	"time"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// bar is a progress bar of a cell.
type bar struct {
	state   engine.Progress
	started time.Time
	dirty   bool // changed since it was last sent
}

// Progress shows a bar and keeps it up to date, at most ten times a second however often the program reports.
func (s *cellSink) Progress(p engine.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bars[p.ID]
	if b == nil {
		b = &bar{state: p, started: time.Now()}
		if s.bars == nil {
			s.bars = map[string]*bar{}
		}
		s.bars[p.ID] = b
		s.flush(false)
		s.sendBar("display_data", b)
	} else {
		b.state, b.dirty = p, true
		s.wake()
	}
	if p.Finished {
		s.flushBars()
		delete(s.bars, p.ID)
	}
}

func (s *cellSink) flushBars() {
	for _, b := range s.bars {
		if b.dirty {
			s.sendBar("update_display_data", b)
		}
	}
}

func (s *cellSink) sendBar(kind string, b *bar) {
	b.dirty = false
	d := display.OfProgress(b.state, time.Since(b.started))
	s.k.publish(kind, s.parent, object{
		"data": d.Data, "metadata": d.Metadata, "transient": object{"display_id": "progress-" + b.state.ID},
	})
}

func megabytes(n int) string { return fmt.Sprintf("%.4g MB", float64(n)/(1<<20)) }
