package widgets

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// Outputs is a widget that shows what functions print and display.
type Outputs struct {
	*Model
	sink *outputSink
}

// Output is a widget for the output of functions.
func Output() *Outputs {
	w := &Outputs{Model: New("Output")}
	w.sink = &outputSink{Sink: engine.Output(), model: w.Model, named: map[string]int{}}
	return w
}

// Do runs f, whose output is added to the widget's.
func (w *Outputs) Do(f func()) {
	defer w.sink.commit()
	engine.Redirect(w.sink, f)
}

// Replace is Do for an output that takes the place of the one before, once it is there.
func (w *Outputs) Replace(f func()) {
	w.sink.Clear(true)
	defer w.sink.ended()
	engine.Redirect(w.sink, f)
}

// Show replaces the output by a value, shown as the result of a cell would be.
func (w *Outputs) Show(v any) {
	w.Replace(func() { w.sink.Display(engine.Display{Value: v}) })
}

// Clear empties the widget.
func (w *Outputs) Clear() {
	w.sink.Clear(false)
}

// often is how often the widget changes at most while a function goes on printing.
const often = 100 * time.Millisecond

// mostOutput is how much text the widget holds; of more the end is lost.
const mostOutput = 1 << 20

// outputSink keeps output as a notebook does, in the widget's state.
type outputSink struct {
	engine.Sink // of the cell that made the widget; asks for input
	model       *Model

	mu      sync.Mutex
	outputs []any
	named   map[string]int // where an output with an ID is
	printed int
	waiting bool // the outputs go when others come
	shown   time.Time
	timer   *time.Timer
}

func (s *outputSink) begin() {
	if s.waiting {
		s.empty()
	}
}

func (s *outputSink) empty() {
	s.outputs, s.named, s.printed, s.waiting = nil, map[string]int{}, 0, false
}

// changed shows the outputs, now or soon. The caller holds the lock.
func (s *outputSink) changed() {
	if time.Since(s.shown) >= often {
		s.show()
	} else if s.timer == nil {
		s.timer = time.AfterFunc(often, s.commit)
	}
}

func (s *outputSink) show() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	s.shown = time.Now()
	s.model.Set("outputs", slices.Clone(s.outputs))
}

// commit shows the outputs as they are.
func (s *outputSink) commit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show()
}

// ended is commit where nothing more comes to take the place of old outputs.
func (s *outputSink) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
	s.show()
}

// Stream adds to the text of the same stream that came last.
func (s *outputSink) Stream(name engine.Stream, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
	text = text[:min(len(text), mostOutput-s.printed)]
	s.printed += len(text)
	if len(text) == 0 {
		return
	}
	added := strings.ToValidUTF8(string(text), "\uFFFD")
	if n := len(s.outputs); n > 0 {
		if last := s.outputs[n-1].(map[string]any); last["name"] == name.String() {
			last = maps.Clone(last) // the state has the old one
			last["text"] = last["text"].(string) + added
			s.outputs[n-1] = last
			s.changed()
			return
		}
	}
	s.outputs = append(s.outputs, map[string]any{"output_type": "stream", "name": name.String(), "text": added})
	s.changed()
}

// Result shows a cell's value.
func (s *outputSink) Result(values []any) { s.add(display.OfResult(values), "", false) }

// Display shows a value, or puts it in the place of that of its name.
func (s *outputSink) Display(d engine.Display) {
	data := display.Of(d.Value)
	maps.Copy(data.Metadata, d.Metadata)
	s.add(data, d.ID, d.Update)
}

// Progress shows a bar.
func (s *outputSink) Progress(p engine.Progress) {
	id := "progress-" + p.ID
	s.mu.Lock()
	_, known := s.named[id]
	s.mu.Unlock()
	s.add(display.OfProgress(p, 0), id, known)
}

func (s *outputSink) add(d display.Data, id string, update bool) {
	o := map[string]any{"output_type": "display_data", "data": d.Data, "metadata": d.Metadata}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
	at, known := s.named[id]
	switch {
	case known && update:
		s.outputs[at] = o
	case update:
		return
	default:
		if id != "" {
			s.named[id] = len(s.outputs)
		}
		s.outputs = append(s.outputs, o)
	}
	s.changed()
}

// Clear empties the widget; with wait, when the next output comes.
func (s *outputSink) Clear(wait bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting = wait; !wait {
		s.empty()
		s.show()
	}
}

// Notice is a remark that is not the program's own output.
func (s *outputSink) Notice(text string) {
	s.Stream(engine.Stderr, []byte(strings.TrimSuffix(text, "\n")+"\n"))
}

// GoroutineError shows a panic.
func (s *outputSink) GoroutineError(e *engine.Error) {
	s.Notice(strings.Join(display.Traceback(e), "\n"))
}
