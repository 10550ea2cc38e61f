package display

import (
	"fmt"
	"sync/atomic"

	"github.com/msflow-go/msflow/kernel/engine"
)

var lastID atomic.Int64

func newID() string { return fmt.Sprintf("display-%d", lastID.Add(1)) }

// Display shows v in the output of the calling cell. The error is always nil; it is there because gophernotes' Display has
// it.
func Display(v any) error {
	engine.Output().Display(engine.Display{Value: v, ID: transientID(v)})
	return nil
}

// transientID is the name that v itself wants its output to have.
func transientID(v any) string {
	if d, ok := v.(Data); ok {
		id, _ := d.Transient["display_id"].(string)
		return id
	}
	return ""
}

// Handle is an output that can be changed after it was shown.
type Handle struct{ id string }

// New shows v and returns a handle to replace it in place, also from later cells.
func New(v any) *Handle { return NewID(newID(), v) }

// NewID is New with a name chosen by the caller.
func NewID(id string, v any) *Handle {
	engine.Output().Display(engine.Display{Value: v, ID: id})
	return &Handle{id}
}

// ID is the name of the output.
func (h *Handle) ID() string { return h.id }

// Update replaces what is shown by v, everywhere it is shown.
func (h *Handle) Update(v any) { Update(h.id, v) }

// Update replaces every output called id by v.
func Update(id string, v any) {
	engine.Output().Display(engine.Display{Value: v, ID: id, Update: true})
}

// ClearOutput erases the calling cell's output so far; ClearOutput(true) waits with that until there is new output, so
// that animations do not flicker.
func ClearOutput(wait ...bool) {
	engine.Output().Clear(len(wait) > 0 && wait[0])
}
