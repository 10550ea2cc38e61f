package engine

import (
	"expvar"
	"flag"
	"net/http"
	"net/url"
	"sync"
)

// A program registers handlers, flags and variables by name once, and Go panics at the second time. A cell that does so is
// run again and again, so what an earlier run registered under a name gives way; twice in one run is still an error.

// registry knows which run has registered a name.
type registry struct {
	mu   sync.Mutex
	runs map[string]*run
}

// former reports whether an earlier run has registered a name, which is now this run's.
func (g *registry) former(r *run, name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runs == nil {
		g.runs = map[string]*run{}
	}
	was, known := g.runs[name]
	g.runs[name] = r
	return known && was != r
}

// handled and flagged are the process's, as http.DefaultServeMux and flag.CommandLine are, and so are published variables.
var (
	handled, flagged, published registry
	handlers                    sync.Map // route -> *handler
	variables                   sync.Map // name -> *variable
)

// replaceable is what a name stands for now.
type replaceable[T any] struct {
	mu  sync.Mutex
	now T
}

func (r *replaceable[T]) set(now T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = now
}

func (r *replaceable[T]) get() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// offerOwnMux gives cells a http.DefaultServeMux without what packages of this program registered for themselves, as those of gRPC
// do: a cell may import such a package in another version. What compiled packages that cells import register stays.
var offerOwnMux = sync.OnceFunc(func() {
	programs, own := http.DefaultServeMux, http.NewServeMux()
	for _, pattern := range []string{"/debug/vars", "/debug/pprof/"} {
		probe := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: pattern}}
		if _, found := programs.Handler(probe); found != "" {
			own.Handle(pattern, programs)
		}
	}
	http.DefaultServeMux = own
})

// handler is one that can be replaced.
type handler struct{ replaceable[http.Handler] }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.get().ServeHTTP(w, r) }

// route is a pattern of the mux that was the default one when it was registered.
type route struct {
	mux     *http.ServeMux
	pattern string
}

// handle is mux.Handle.
func (s *Session) handle(mux *http.ServeMux, pattern string, now http.Handler) {
	if mux != http.DefaultServeMux || now == nil {
		mux.Handle(pattern, now)
		return
	}
	at := route{mux, pattern}
	if old, ok := handlers.Load(at); ok && handled.former(current(s), pattern) {
		old.(*handler).set(now)
		return
	}
	h := &handler{}
	h.set(now)
	mux.Handle(pattern, h)
	handlers.Store(at, h)
	handled.former(current(s), pattern)
}

func (s *Session) handleFunc(mux *http.ServeMux, pattern string, now func(http.ResponseWriter, *http.Request)) {
	if now == nil {
		mux.HandleFunc(pattern, now)
		return
	}
	s.handle(mux, pattern, http.HandlerFunc(now))
}

// declareFlag makes room for a flag of the command line.
func (s *Session) declareFlag(name string) {
	if !flagged.former(current(s), name) || flag.Lookup(name) == nil {
		return
	}
	others := flag.NewFlagSet(flag.CommandLine.Name(), flag.CommandLine.ErrorHandling())
	others.SetOutput(flag.CommandLine.Output())
	flag.VisitAll(func(f *flag.Flag) {
		if f.Name != name {
			others.Var(f.Value, f.Name, f.Usage)
			others.Lookup(f.Name).DefValue = f.DefValue
		}
	})
	if flag.Parsed() {
		others.Parse(append([]string{"--"}, flag.Args()...))
	}
	*flag.CommandLine = *others
}

// newFlag is a function such as flag.Int, and flagVar one such as flag.IntVar.
func newFlag[T any](s *Session, f func(string, T, string) *T) any {
	return func(name string, value T, usage string) *T {
		s.declareFlag(name)
		return f(name, value, usage)
	}
}

func flagVar[T any](s *Session, f func(*T, string, T, string)) any {
	return func(p *T, name string, value T, usage string) {
		s.declareFlag(name)
		f(p, name, value, usage)
	}
}

// variable is a published one that can be replaced.
type variable struct{ replaceable[expvar.Var] }

func (v *variable) String() string { return v.get().String() }

// publish is expvar.Publish.
func (s *Session) publish(name string, now expvar.Var) {
	if old, ok := variables.Load(name); ok && published.former(current(s), name) {
		old.(*variable).set(now)
		return
	}
	v := &variable{}
	v.set(now)
	expvar.Publish(name, v)
	variables.Store(name, v)
	published.former(current(s), name)
}

// publishNew is a function such as expvar.NewInt.
func publishNew[T any, P interface {
	*T
	expvar.Var
}](s *Session) any {
	return func(name string) P {
		v := P(new(T))
		s.publish(name, v)
		return v
	}
}

// publishedVar is a published variable itself.
func publishedVar(v expvar.Var) expvar.Var {
	if own, ok := v.(*variable); ok {
		return own.get()
	}
	return v
}

// freshOverrides are the functions that register names.
func (s *Session) freshOverrides() map[string]any {
	return map[string]any{
		"net/http.Handle": func(pattern string, h http.Handler) { s.handle(http.DefaultServeMux, pattern, h) },
		"net/http.HandleFunc": func(pattern string, h func(http.ResponseWriter, *http.Request)) {
			s.handleFunc(http.DefaultServeMux, pattern, h)
		},
		"(*net/http.ServeMux).Handle":     s.handle,
		"(*net/http.ServeMux).HandleFunc": s.handleFunc,

		"flag.Bool": newFlag(s, flag.Bool), "flag.BoolVar": flagVar(s, flag.BoolVar),
		"flag.Duration": newFlag(s, flag.Duration), "flag.DurationVar": flagVar(s, flag.DurationVar),
		"flag.Float64": newFlag(s, flag.Float64), "flag.Float64Var": flagVar(s, flag.Float64Var),
		"flag.Int": newFlag(s, flag.Int), "flag.IntVar": flagVar(s, flag.IntVar),
		"flag.Int64": newFlag(s, flag.Int64), "flag.Int64Var": flagVar(s, flag.Int64Var),
		"flag.String": newFlag(s, flag.String), "flag.StringVar": flagVar(s, flag.StringVar),
		"flag.Uint": newFlag(s, flag.Uint), "flag.UintVar": flagVar(s, flag.UintVar),
		"flag.Uint64": newFlag(s, flag.Uint64), "flag.Uint64Var": flagVar(s, flag.Uint64Var),
		"flag.Var":      func(v flag.Value, name, usage string) { s.declareFlag(name); flag.Var(v, name, usage) },
		"flag.Func":     func(name, usage string, f func(string) error) { s.declareFlag(name); flag.Func(name, usage, f) },
		"flag.BoolFunc": func(name, usage string, f func(string) error) { s.declareFlag(name); flag.BoolFunc(name, usage, f) },

		"expvar.Publish":   s.publish,
		"expvar.NewInt":    publishNew[expvar.Int](s),
		"expvar.NewFloat":  publishNew[expvar.Float](s),
		"expvar.NewString": publishNew[expvar.String](s),
		"expvar.NewMap": func(name string) *expvar.Map {
			v := new(expvar.Map).Init()
			s.publish(name, v)
			return v
		},
		"expvar.Get": func(name string) expvar.Var { return publishedVar(expvar.Get(name)) },
		"expvar.Do": func(f func(expvar.KeyValue)) {
			expvar.Do(func(kv expvar.KeyValue) { f(expvar.KeyValue{Key: kv.Key, Value: publishedVar(kv.Value)}) })
		},
	}
}
