package jupyter

import (
	"encoding/json"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// Text that a cell prints is sent when this much has come together or this much time has passed, so that a million small
// prints are not a million messages.
const (
	flushBytes = 10 << 10
	flushDelay = 100 * time.Millisecond
)

// cellSink turns what one cell produces into messages that have the cell's request as their parent. Goroutines of the cell
// may use it for ever.
type cellSink struct {
	k      *Kernel
	parent json.RawMessage
	count  int
	mayAsk bool
	req    *request

	mu      sync.Mutex
	streams [2]pending
	last    engine.Stream // the stream that has text waiting
	bars    map[string]*bar
	timer   *time.Timer
	ticking bool
	printed int // bytes of text so far
	capped  bool
	payload []object
	result  string
}

var _ engine.Sink = (*cellSink)(nil)

// pending is text of one stream that has not been sent.
type pending struct{ text []byte }

func (k *Kernel) newSink(r *request, count int, mayAsk bool) *cellSink {
	return &cellSink{k: k, parent: r.RawHeader, count: count, mayAsk: mayAsk, req: r, payload: []object{}}
}

// Stream coalesces printed text. Text of the other stream waiting is sent first, so that the two keep their order.
func (s *cellSink) Stream(name engine.Stream, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = s.allow(text)
	if len(text) == 0 {
		return
	}
	s.write(name, text)
}

func (s *cellSink) write(name engine.Stream, text []byte) {
	if name != s.last {
		s.flushStream(s.last, false)
		s.last = name
	}
	p := &s.streams[name]
	p.text = append(p.text, text...)
	if len(p.text) >= flushBytes {
		s.flushStream(name, false)
	}
	s.wake()
}

// allow cuts text off at the cell's cap and says so once.
func (s *cellSink) allow(text []byte) []byte {
	limit := s.k.opts.OutputCap
	if s.printed+len(text) <= limit {
		s.printed += len(text)
		return text
	}
	text = text[:limit-s.printed]
	s.printed = limit
	if s.capped {
		return nil
	}
	s.capped = true
	s.write(s.last, text)
	s.write(engine.Stderr, []byte("\n[output cut: this cell has printed "+megabytes(limit)+"; clearing the output starts anew]\n"))
	return nil
}

// flushStream sends the text waiting on a stream; the start of a character whose rest is still to come waits on, unless
// all is set.
func (s *cellSink) flushStream(name engine.Stream, all bool) {
	p := &s.streams[name]
	n := len(p.text)
	if !all {
		n = wholeRunes(p.text)
	}
	if n == 0 {
		return
	}
	text := strings.ToValidUTF8(string(p.text[:n]), "\uFFFD")
	p.text = append(p.text[:0], p.text[n:]...)
	if cap(p.text) > 8*flushBytes {
		p.text = append([]byte(nil), p.text...)
	}
	s.k.publish("stream", s.parent, object{"name": name.String(), "text": text})
}

// wholeRunes is how much of b ends with a whole character, or with bytes that can never become one.
func wholeRunes(b []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		at := len(b) - back
		if !utf8.RuneStart(b[at]) {
			continue
		}
		if !utf8.FullRune(b[at:]) {
			return at
		}
		break
	}
	return len(b)
}

// flush sends everything that waits, in order.
func (s *cellSink) flush(all bool) {
	s.flushStream(1-s.last, all)
	s.flushStream(s.last, all)
	s.flushBars()
}

// wake makes sure that what waits is sent soon.
func (s *cellSink) wake() {
	if s.ticking {
		return
	}
	s.ticking = true
	s.k.waiting.Store(s, nil)
	if s.timer == nil {
		s.timer = time.AfterFunc(flushDelay, s.tick)
	} else {
		s.timer.Reset(flushDelay)
	}
}

func (s *cellSink) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ticking = false
	s.k.waiting.Delete(s)
	s.flush(false)
}

// flushAll sends what the sinks of all cells hold back.
func (k *Kernel) flushAll() {
	k.waiting.Range(func(s, _ any) bool {
		s.(*cellSink).finish()
		return true
	})
}

// emit sends a message after what was printed before it.
func (s *cellSink) emit(kind string, content object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(kind, content)
}

func (s *cellSink) send(kind string, content object) {
	s.flush(true)
	s.k.publish(kind, s.parent, content)
}

// finish sends what is left at the end of a cell, before idle.
func (s *cellSink) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush(true)
}

// Result sends the cell's value.
func (s *cellSink) Result(values []any) {
	d := display.OfResult(values)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result, _ = d.Data[display.MIMETypeText].(string)
	s.send("execute_result", object{"execution_count": s.count, "data": d.Data, "metadata": d.Metadata})
}

func (s *cellSink) resultText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.result
}

// Display sends a value shown by the program, or its replacement.
func (s *cellSink) Display(d engine.Display) {
	if in, ok := d.Value.(engine.Inspection); ok {
		s.Page(inspectionData(in)) // ?name
		return
	}
	data := display.Of(d.Value)
	for key, value := range d.Metadata {
		data.Metadata[key] = value
	}
	transient := object{}
	for key, value := range data.Transient {
		transient[key] = value
	}
	if d.ID != "" {
		transient["display_id"] = d.ID
	}
	kind := "display_data"
	if d.Update {
		kind = "update_display_data"
	}
	s.emit(kind, object{"data": data.Data, "metadata": data.Metadata, "transient": transient})
}

// Clear erases the cell's output; the cell may print as much again.
func (s *cellSink) Clear(wait bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send("clear_output", object{"wait": wait})
	s.printed, s.capped = 0, false
}

// Notice is a remark that is not the program's own output.
func (s *cellSink) Notice(text string) {
	s.Stream(engine.Stderr, []byte(strings.TrimSuffix(text, "\n")+"\n"))
}

// GoroutineError shows a panic of a goroutine. It is printed rather than sent as an error: the cell itself did not fail,
// and may long be over.
func (s *cellSink) GoroutineError(e *engine.Error) {
	s.Stream(engine.Stderr, []byte(strings.Join(display.Traceback(e), "\n")+"\n"))
}

// Page shows documentation in the front end's pager.
func (s *cellSink) Page(data map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.payload = append(s.payload, object{"source": "page", "data": data, "start": 0})
}

// NextInput puts text into the next cell, or into this one with replace.
func (s *cellSink) NextInput(text string, replace bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.payload = append(s.payload, object{"source": "set_next_input", "text": text, "replace": replace})
}

func (s *cellSink) takePayload() []object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.payload
}
