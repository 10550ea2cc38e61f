package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
)

// places bounds the images under way, so that a flood of requests costs no memory.
type places struct{ free atomic.Int64 }

// take takes n places, or none where there are not so many.
func (p *places) take(n int) error {
	if p.free.Add(int64(-n)) < 0 {
		p.free.Add(int64(n))
		return fail(http.StatusTooManyRequests, "too many images are under way; try again in a moment")
	}
	return nil
}

func (p *places) leave(n int) { p.free.Add(int64(n)) }

// model is a detector that takes images from a queue, several requests' together.
type model struct {
	Model
	batch  int
	queue  chan *job // has room for all places, so that sending never waits
	ended  chan struct{}
	meters *meters
}

// job is one image.
type job struct {
	ctx    context.Context
	image  *datasets.Image
	answer chan answer // has room for one
}

type answer struct {
	detector.Prediction
	err error
}

func startModel(m Model, c Config, meters *meters) *model {
	started := &model{Model: m, batch: c.Batch, queue: make(chan *job, c.Queue), ended: make(chan struct{}), meters: meters}
	go started.run()
	return started
}

func (m *model) stop() {
	close(m.queue)
	<-m.ended
}

// run scores what is in the queue, as many images together as are there.
func (m *model) run() {
	defer close(m.ended)
	for first := range m.queue {
		jobs := []*job{first}
		for len(jobs) < m.batch {
			select {
			case next, open := <-m.queue:
				if !open {
					m.score(jobs)
					return
				}
				jobs = append(jobs, next)
				continue
			default:
			}
			break
		}
		m.score(jobs)
	}
}

// score answers jobs. Those whose client has gone cost nothing.
func (m *model) score(jobs []*job) {
	var wanted []*job
	var set datasets.Set
	for _, j := range jobs {
		if err := j.ctx.Err(); err != nil {
			j.answer <- answer{err: err}
			continue
		}
		set = append(set, datasets.NewSample(strconv.Itoa(len(wanted)), "", datasets.Good, j.image, nil))
		wanted = append(wanted, j)
	}
	if len(wanted) == 0 {
		return
	}
	m.meters.batch.Observe(float64(len(wanted)))
	next := 0
	err := m.predict(set, func(p detector.Prediction) error {
		wanted[next].answer <- answer{Prediction: p}
		next++
		return nil
	})
	for _, j := range wanted[next:] {
		j.answer <- answer{err: err}
	}
}

// predict turns a mistake inside of the program into an error: one request's must not end the others.
func (m *model) predict(set datasets.Set, do func(detector.Prediction) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a mistake inside of the server: %v", p)
		}
	}()
	err = m.Detector.PredictEach(context.Background(), set, do, func(_ datasets.Sample, bad error) { err = bad })
	return errors.Join(err)
}

// ask scores images and waits for all.
func (m *model) ask(ctx context.Context, images []*datasets.Image) ([]detector.Prediction, error) {
	jobs := make([]*job, len(images))
	for i, image := range images {
		jobs[i] = &job{ctx, image, make(chan answer, 1)}
		m.queue <- jobs[i]
	}
	out := make([]detector.Prediction, len(images))
	for i, j := range jobs {
		a := <-j.answer
		if a.err != nil {
			return nil, a.err
		}
		out[i] = a.Prediction
	}
	return out, nil
}
