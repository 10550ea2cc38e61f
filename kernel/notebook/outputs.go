package notebook

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// maxText is how much text a cell may print, as in Jupyter's session.
const maxText = 32 << 20

// recorder keeps the outputs of a run in the notebook's cells, as a front end would show them.
type recorder struct {
	mu     sync.Mutex // of all cells' outputs: goroutines may outlive their cell, and updates reach into any cell
	named  map[string][]place
	echo   func(Output) // is told of outputs as they come; may be nil
	closed bool         // the run is over, and what still comes is too late

	panicked atomic.Pointer[CellError] // of the first goroutine that did, where its cell is not tagged to do so
}

// place is where an output with an ID was put; it may be gone.
type place struct {
	cell *Cell
	at   int
}

// close ends the recording, so that the notebook can be read while a goroutine of a cell still prints.
func (r *recorder) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// still calls f while no output changes.
func (r *recorder) still(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// cellSink is where one cell's outputs go.
type cellSink struct {
	engine.Discard // has nobody to ask for input
	r              *recorder
	cell           *Cell
	text           strings.Builder // of the last output while it is a stream's: adding to a string would copy it for every line
	printed        int
	clear          bool // before the next output
	bars           map[string]time.Time
}

var _ engine.Sink = (*cellSink)(nil)

func (s *cellSink) add(o Output) {
	if s.r.closed {
		return
	}
	if s.clear {
		s.cell.Outputs, s.clear = nil, false
	}
	if o.id != "" {
		s.r.named[o.id] = append(s.r.named[o.id], place{s.cell, len(s.cell.Outputs)})
	}
	s.cell.Outputs = append(s.cell.Outputs, o)
	s.tell(o)
}

// tell passes an output on, unless it may change in place: those are told when the cell has ended.
func (s *cellSink) tell(o Output) {
	if s.r.echo != nil && o.id == "" {
		s.r.echo(o)
	}
}

// end tells of the outputs that changed in place, as they are now. Bars have no more to say.
func (s *cellSink) end() {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	for _, o := range s.cell.Outputs {
		if s.r.echo != nil && o.id != "" && !strings.HasPrefix(o.id, barPrefix) {
			s.r.echo(o)
		}
	}
}

// barPrefix begins the IDs of progress bars' outputs.
const barPrefix = "progress-"

// Stream appends to the text of the same stream that came last.
func (s *cellSink) Stream(name engine.Stream, text []byte) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.printed == maxText || s.r.closed {
		return
	}
	if s.printed+len(text) > maxText {
		text = append(text[:maxText-s.printed:maxText-s.printed], "\n[output cut: this cell has printed 32 MB]\n"...)
		s.printed = maxText
	} else {
		s.printed += len(text)
	}
	o := Output{Type: StreamOutput, Name: name.String(), Text: string(text)}
	last := len(s.cell.Outputs) - 1
	if !s.clear && last >= 0 && s.cell.Outputs[last].Type == StreamOutput && s.cell.Outputs[last].Name == o.Name {
		s.text.WriteString(o.Text)
		s.cell.Outputs[last].Text = s.text.String()
		s.tell(o)
		return
	}
	s.text.Reset()
	s.text.WriteString(o.Text)
	s.add(o)
}

// Result keeps the cell's value.
func (s *cellSink) Result(values []any) {
	d := display.OfResult(values)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.add(Output{Type: ResultOutput, Count: s.cell.Count, Data: d.Data, Metadata: d.Metadata})
}

// Display keeps a value shown by the program, or puts it in the place of the earlier ones of its name.
func (s *cellSink) Display(d engine.Display) {
	data := display.Of(d.Value)
	if in, ok := d.Value.(engine.Inspection); ok { // ?name
		data.Data = map[string]any{display.MIMETypeText: in.Plain, display.MIMETypeMarkdown: in.Markdown}
	}
	maps.Copy(data.Metadata, d.Metadata)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.show(Output{Type: DisplayOutput, Data: data.Data, Metadata: data.Metadata, id: d.ID}, d.Update)
}

func (s *cellSink) show(o Output, update bool) {
	if !update {
		s.add(o)
		return
	}
	for _, p := range s.r.named[o.id] {
		if s.r.closed || p.at >= len(p.cell.Outputs) || p.cell.Outputs[p.at].id != o.id {
			continue // it was cleared
		}
		old := &p.cell.Outputs[p.at]
		old.Data, old.Metadata = o.Data, o.Metadata
	}
}

// Clear erases the cell's outputs.
func (s *cellSink) Clear(wait bool) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.r.closed {
		return
	}
	s.printed = 0
	if wait {
		s.clear = true
		return
	}
	s.cell.Outputs = nil
}

// Progress keeps the last state of a bar.
func (s *cellSink) Progress(p engine.Progress) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	begin, known := s.bars[p.ID]
	if !known {
		if s.bars == nil {
			s.bars = map[string]time.Time{}
		}
		begin = time.Now()
		s.bars[p.ID] = begin
	}
	d := display.OfProgress(p, time.Since(begin))
	s.show(Output{Type: DisplayOutput, Data: d.Data, Metadata: d.Metadata, id: barPrefix + p.ID}, known)
}

// Notice is a remark that is not the program's own output.
func (s *cellSink) Notice(text string) {
	s.Stream(engine.Stderr, []byte(strings.TrimSuffix(text, "\n")+"\n"))
}

// GoroutineError prints a panic of a goroutine: the cell itself did not fail, and may long be over.
func (s *cellSink) GoroutineError(e *engine.Error) {
	if !s.cell.Tagged(RaisesTag) {
		s.r.panicked.CompareAndSwap(nil, &CellError{Number: s.cell.Count, Cell: s.cell, Err: e, Goroutine: true})
	}
	s.Notice(strings.Join(display.Traceback(e), "\n"))
}

// failed adds the error that ended the cell.
func (s *cellSink) failed(e *engine.Error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.add(Output{Type: ErrorOutput, Kind: string(e.Kind), Value: e.Value, Traceback: display.Traceback(e)})
}
