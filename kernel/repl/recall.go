package repl

import (
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/history"
)

// recall is the inputs of all sessions, to step through and to search. They are read in the background.
type recall struct {
	loaded chan struct{}
	mu     sync.Mutex
	old    []string // of earlier sessions, oldest first, each once
	own    []string // of this session

	list   []string // what is stepped through
	at     int      // place in it; len(list) is what was being typed
	prefix string
	typed  string
}

// mostRecalled is how many inputs of the past are kept at hand.
const mostRecalled = 20000

func newRecall(h *history.Log) *recall {
	r := &recall{loaded: make(chan struct{})}
	go func() {
		defer close(r.loaded)
		if h == nil {
			return
		}
		entries, _ := h.Search("*", mostRecalled, true) // without history the prompt works all the same
		old := make([]string, 0, len(entries))
		for _, e := range entries {
			old = append(old, strings.TrimRight(e.Input, "\n"))
		}
		r.mu.Lock()
		r.old = old
		r.mu.Unlock()
	}()
	return r
}

func (r *recall) add(input string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	input = strings.TrimRight(input, "\n")
	if n := len(r.own); input != "" && (n == 0 || r.own[n-1] != input) {
		r.own = append(r.own, input)
	}
}

// all is every input, oldest first.
func (r *recall) all() []string {
	<-r.loaded
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(r.old[:len(r.old):len(r.old)], r.own...)
}

func (r *recall) begin() { r.list = nil }

// from begins to step through the inputs with a prefix; typed is what comes back at the end.
func (r *recall) from(typed, prefix string) {
	r.list, r.typed, r.prefix = r.all(), typed, prefix
	r.at = len(r.list)
}

// step goes to the next input that differs from the one shown, older for -1.
func (r *recall) step(steps int) (string, bool) {
	now := r.shown()
	for at := r.at + steps; at >= 0 && at <= len(r.list); at += steps {
		if at == len(r.list) {
			r.at = at
			return r.typed, true
		}
		if s := r.list[at]; strings.HasPrefix(s, r.prefix) && s != now {
			r.at = at
			return s, true
		}
	}
	return "", false
}

func (r *recall) shown() string {
	if r.at < len(r.list) {
		return r.list[r.at]
	}
	return r.typed
}
