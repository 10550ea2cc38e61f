// Package serve answers requests with what detectors say of images: image bytes in a plain POST, and the Open Inference Protocol
// (version 2, REST with its extension for binary tensors, and gRPC), so that the clients of KServe, Triton and OpenVINO Model
// Server work unchanged.
package serve

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/region"
)

// Model is a detector under a name, with what it is judged by.
type Model struct {
	Name      string
	Detector  *detector.Detector
	Threshold float64 // a score from here on is anomalous
	From      string  // where the threshold comes from, in words
	Regions   *region.Thresholds
}

// Config are the limits of a server; a zero is its default.
type Config struct {
	Version   string // of the program, for metadata
	MaxBody   int64  // bytes of a request, 64 MiB
	MaxPixels int    // of an image, 50 million
	Queue     int    // images under way at a time, 64; one more is answered with 429
	Batch     int    // images that go through a detector together, 8
	Token     string // that requests must bear, except those for health; empty: none
	Grace     time.Duration
}

func (c Config) filled() Config {
	c.MaxBody, c.MaxPixels = cmp.Or(c.MaxBody, 64<<20), cmp.Or(c.MaxPixels, 50_000_000)
	c.Queue, c.Batch, c.Grace = cmp.Or(c.Queue, 64), cmp.Or(c.Batch, 8), cmp.Or(c.Grace, 30*time.Second)
	return c
}

// Server answers requests. Its models compute in goroutines of their own, one a model, until Close.
type Server struct {
	config   Config
	models   []*model
	places   places
	meters   *meters
	stopping atomic.Bool
}

// New starts the models. Names must differ, and be usable in a URL's path.
func New(models []Model, c Config) (*Server, error) {
	if len(models) == 0 {
		return nil, errors.New("serve: there is no model")
	}
	s := &Server{config: c.filled()}
	s.places.free.Store(int64(s.config.Queue))
	s.meters = newMeters(func() float64 { return float64(s.config.Queue) - float64(s.places.free.Load()) })
	for _, m := range models {
		if m.Name == "" || strings.ContainsAny(m.Name, "/?#% ") {
			return nil, fmt.Errorf("serve: a model called %q; the name goes into addresses", m.Name)
		}
		if s.find(m.Name) != nil {
			return nil, fmt.Errorf("serve: two models are called %s", m.Name)
		}
		s.models = append(s.models, startModel(m, s.config, s.meters))
	}
	return s, nil
}

func (s *Server) find(name string) *model {
	i := slices.IndexFunc(s.models, func(m *model) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return s.models[i]
}

// Close ends the models' goroutines, after what they are at. No request may be under way.
func (s *Server) Close() {
	for _, m := range s.models {
		m.stop()
	}
}

// Serve answers on a listener until ctx is done. Then it is no longer ready, takes no new connections, and finishes what it is at,
// for as long as the grace lasts.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Grace)
	defer cancel()
	if err := h.Shutdown(grace); err != nil {
		h.Close()
		return fmt.Errorf("stopping: requests were still under way after %v: %w", s.config.Grace, err)
	}
	return nil
}

// Handler is the server's routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"GET /v2/health/live", "GET /healthz"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	}
	for _, path := range []string{"GET /v2/health/ready", "GET /readyz"} {
		mux.HandleFunc(path, s.ready)
	}
	guarded := func(pattern string, do func(w http.ResponseWriter, r *http.Request) error) {
		mux.Handle(pattern, s.guard(pattern, do))
	}
	mux.HandleFunc("GET /{$}", page)
	guarded("GET /models", s.names)
	guarded("POST /predict", s.predict)
	guarded("GET /v2", s.about)
	guarded("GET /v2/models/{model}", s.aboutModel)
	guarded("GET /v2/models/{model}/versions/{version}", s.aboutModel)
	guarded("GET /v2/models/{model}/ready", s.modelReady)
	guarded("GET /v2/models/{model}/versions/{version}/ready", s.modelReady)
	guarded("POST /v2/models/{model}/infer", s.infer)
	guarded("POST /v2/models/{model}/versions/{version}/infer", s.infer)
	guarded("GET /metrics", func(w http.ResponseWriter, r *http.Request) error {
		s.meters.handler.ServeHTTP(w, r)
		return nil
	})
	return mux
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.stopping.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// failure is an error with the status that tells it to a client.
type failure struct {
	status int
	err    error
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

func fail(status int, format string, args ...any) error {
	return failure{status, fmt.Errorf(format, args...)}
}

// guard asks for the token, limits the body, and answers with errors and their status.
func (s *Server) guard(pattern string, do func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		r.Body = http.MaxBytesReader(w, r.Body, s.config.MaxBody)
		err := s.admit(w, r)
		if err == nil {
			err = do(w, r)
		}
		status := http.StatusOK
		if err != nil {
			status = s.refuse(w, err)
		}
		s.meters.request(pattern, strconv.Itoa(status), time.Since(begin))
	})
}

func (s *Server) admit(w http.ResponseWriter, r *http.Request) error {
	if s.config.Token == "" {
		return nil
	}
	given := r.Header.Get("Authorization")
	if subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+s.config.Token)) == 1 {
		return nil
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	return fail(http.StatusUnauthorized, "a bearer token is needed")
}

// refuse answers with an error as the protocol has it, a JSON object with its text.
func (s *Server) refuse(w http.ResponseWriter, err error) (status int) {
	status = http.StatusInternalServerError
	var known failure
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		status, err = http.StatusRequestEntityTooLarge, fmt.Errorf("the request has more than %d bytes", large.Limit)
	case errors.As(err, &known):
		status = known.status
	case errors.Is(err, context.Canceled):
		status = 499 // the client has gone; nobody reads this
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, status, map[string]string{"error": err.Error()})
	return status
}
