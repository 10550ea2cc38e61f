// Package track tells of trainings to programs that people follow them in: TensorBoard, by its event files, and MLflow, by its REST
// interface. Tracking never ends a training.
package track

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// Run is what is known of a training at its start.
type Run struct {
	ID       string
	Folder   string // of the run
	Data     string // the data set's name
	Settings map[string]string
	Resumed  bool
}

// tracker is a place where a training is followed. Its methods are called one after another.
type tracker interface {
	// start comes first; epoch is the first that follows.
	start(epoch int) error
	metrics(epoch int, at time.Time, values map[string]float64) error
	figure(name string, png []byte) error
	end(failed bool) error
}

// Check tells what is wrong with a --track: nothing, tensorboard, tensorboard:FOLDER or mlflow:URL.
func Check(spec string) error {
	_, err := open(spec, Run{})
	return err
}

func open(spec string, run Run) (tracker, error) {
	kind, where, given := strings.Cut(spec, ":")
	switch {
	case spec == "":
		return nothing{}, nil
	case kind == "tensorboard" && !given:
		return &tensorBoard{run: run, dir: filepath.Join(run.Folder, "tensorboard")}, nil
	case kind == "tensorboard" && where != "":
		return &tensorBoard{run: run, dir: filepath.Join(where, filepath.Base(run.Folder))}, nil
	case kind == "mlflow" && where != "":
		u, err := url.Parse(where)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("--track %s: after mlflow: comes the address of the server, such as http://127.0.0.1:5000", spec)
		}
		if u.User != nil {
			return nil, errors.New("--track: an address with a password would be kept with the run; MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, have it")
		}
		if os.Getenv("MSFLOW_OFFLINE") != "" {
			return nil, fmt.Errorf("--track %s uses the network, which --offline forbids", spec)
		}
		return newMLflow(strings.TrimRight(where, "/"), run), nil
	}
	return nil, fmt.Errorf("--track %s: it is tensorboard, tensorboard:FOLDER or mlflow:URL", spec)
}

// nothing tracks nothing.
type nothing struct{}

func (nothing) start(int) error                                  { return nil }
func (nothing) metrics(int, time.Time, map[string]float64) error { return nil }
func (nothing) figure(string, []byte) error                      { return nil }
func (nothing) end(bool) error                                   { return nil }

// Training is a training that is tracked. Its methods do not wait for the tracker, but for End.
type Training struct {
	to      tracker
	note    func(string)
	started bool
	queue   chan func() error
	ended   chan struct{}
	failure atomic.Pointer[error] // the first
	said    bool
}

// patience is how many failures one after another end the tracking, and patienceAtEnd how long End waits.
const (
	patience      = 3
	patienceAtEnd = 20 * time.Second
)

// Open begins to track a training. note is told once when something fails.
func Open(spec string, run Run, note func(string)) (*Training, error) {
	to, err := open(spec, run)
	if err != nil {
		return nil, err
	}
	t := &Training{to: to, note: note, queue: make(chan func() error, 1024), ended: make(chan struct{})}
	go t.work()
	return t, nil
}

// work does what is queued. After some failures it does nothing more.
func (t *Training) work() {
	defer close(t.ended)
	failures := 0
	for do := range t.queue {
		if failures >= patience {
			continue
		}
		if err := do(); err != nil {
			failures++
			t.fail(err)
			continue
		}
		failures = 0
	}
}

func (t *Training) fail(err error) { t.failure.CompareAndSwap(nil, &err) }

// say tells of a failure, once, in the goroutine of the training.
func (t *Training) say() {
	if err := t.failure.Load(); err != nil && !t.said {
		t.said = true
		t.note(fmt.Sprintf("note: tracking fails, and the training goes on: %v", *err))
	}
}

// put queues something. Where the tracker is so slow that the queue is full, it is left out.
func (t *Training) put(do func() error) {
	select {
	case t.queue <- do:
	default:
		t.fail(errors.New("the tracker is too slow"))
	}
}

// Metrics tells the values after an epoch. Those that are not finite are left out.
func (t *Training) Metrics(epoch int, values map[string]float64) {
	t.say()
	if !t.started {
		t.started = true
		t.put(func() error { return t.to.start(epoch) })
	}
	finite := map[string]float64{}
	for k, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			finite[k] = v
		}
	}
	at := time.Now()
	t.put(func() error { return t.to.metrics(epoch, at, finite) })
}

// Figure tells a picture.
func (t *Training) Figure(name string, png []byte) {
	t.put(func() error { return t.to.figure(name, png) })
}

// End ends the tracking and waits until all is told, for a while.
func (t *Training) End(failed bool) {
	if t.started {
		t.put(func() error { return t.to.end(failed) })
	}
	close(t.queue)
	select {
	case <-t.ended:
	case <-time.After(patienceAtEnd):
		t.fail(errors.New("the tracker did not take everything in time"))
	}
	t.say()
}
