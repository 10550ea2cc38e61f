package datasets

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// Batch is some consecutive samples of a set, ready for a backbone.
type Batch struct {
	First   int       // the place of the first sample in the set, bad ones counted
	Samples Set       // B of them
	X       []float32 // normalised images (B,3,H,W)
	Pix     []uint8   // the same before: 8-bit levels (B,H,W,3), for devices that normalise by themselves
	Masks   []*Mask   // one of H×W a sample; nil where the truth is unknown
	Views   []View    // what each sample shows of its picture
	H, W    int
}

// Batches reads the set in its order, size samples at a time (the last batch may have fewer), resized to h×w. Images are
// decoded and resized by workers goroutines (0: one a core) ahead of the reader, by at most two batches; a batch belongs to
// the reader once it is handed out.
//
// The sequence ends early with one error: a file that cannot be read, by name, or ctx's when ctx is done. Leaving the loop
// stops the workers; none is left behind when it is over. It panics if h, w or size is not positive.
func Batches(ctx context.Context, set Set, h, w, size, workers int) iter.Seq2[*Batch, error] {
	return SoundBatches(ctx, set, h, w, size, workers, nil)
}

// SoundBatches is Batches that goes on after a file that cannot be read: the batch comes without it, and bad is told, in
// the reader's goroutine and in the order of the set. With bad nil it is Batches.
func SoundBatches(ctx context.Context, set Set, h, w, size, workers int, bad func(Sample, error)) iter.Seq2[*Batch, error] {
	if h < 1 || w < 1 || size < 1 {
		panic(fmt.Sprintf("datasets: Batches of %d images of %d×%d pixels", size, h, w))
	}
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	return func(yield func(*Batch, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		l := startLoader(ctx, set, h, w, size, workers)
		defer l.running.Wait()
		defer stop()
		for p := range l.ahead {
			if err := p.wait(ctx, bad); err != nil {
				yield(nil, err)
				return
			}
			if len(p.batch.Samples) > 0 && !yield(p.batch, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// aheadBatches is how many batches may be under way or waiting besides the reader's.
const aheadBatches = 2

// loader is the goroutines behind one Batches loop: one hands out work in order, the others do it.
type loader struct {
	ahead   chan *pending // in order; closed when all batches are handed out or ctx is done
	jobs    chan job
	running sync.WaitGroup
}

// pending is a batch that is being filled.
type pending struct {
	batch *Batch
	errs  []error
	left  atomic.Int64  // its samples that are not loaded yet
	done  chan struct{} // closed when there is none left
}

type job struct {
	into *pending
	at   int
}

func startLoader(ctx context.Context, set Set, h, w, size, workers int) *loader {
	l := &loader{ahead: make(chan *pending, aheadBatches), jobs: make(chan job)}
	l.running.Go(func() { l.handOut(ctx, set, h, w, size) })
	for range min(workers, len(set)) {
		l.running.Go(func() {
			for j := range l.jobs {
				j.load()
			}
		})
	}
	return l
}

// handOut announces each batch to the reader, which waits while too many are under way, then gives its samples to the
// workers.
func (l *loader) handOut(ctx context.Context, set Set, h, w, size int) {
	defer close(l.jobs)
	defer close(l.ahead)
	for first := 0; first < len(set); first += size {
		samples := set[first:min(first+size, len(set))]
		p := &pending{batch: &Batch{First: first, Samples: samples, H: h, W: w}, done: make(chan struct{})}
		select {
		case l.ahead <- p:
		case <-ctx.Done():
			return
		}
		p.allocate()
		for i := range samples {
			select {
			case l.jobs <- job{p, i}:
			case <-ctx.Done():
				return
			}
		}
	}
}

// allocate comes after the batch is announced, so that a batch which must wait for its turn holds no memory.
func (p *pending) allocate() {
	b := p.batch
	n := len(b.Samples)
	b.X, b.Pix = make([]float32, n*3*b.H*b.W), make([]uint8, n*3*b.H*b.W)
	b.Masks, b.Views = make([]*Mask, n), make([]View, n)
	p.errs = make([]error, n)
	p.left.Store(int64(n))
}

// load reads one sample into its place.
func (j job) load() {
	b := j.into.batch
	im, mask, view, err := b.Samples[j.at].load(b.H, b.W)
	if err == nil {
		n := 3 * b.H * b.W
		normalizeInto(b.X[j.at*n:][:n], im)
		copy(b.Pix[j.at*n:][:n], im.Pix)
	}
	b.Masks[j.at], b.Views[j.at], j.into.errs[j.at] = mask, view, err
	if j.into.left.Add(-1) == 0 {
		close(j.into.done)
	}
}

// wait returns when the batch is complete, with the error of its first bad sample unless someone else takes the bad ones.
func (p *pending) wait(ctx context.Context, bad func(Sample, error)) error {
	select {
	case <-p.done:
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil { // also where both were ready
		return err
	}
	for i, err := range p.errs {
		if err != nil && bad == nil {
			return err
		}
		if err != nil {
			bad(p.batch.Samples[i], err)
		}
	}
	p.dropBad()
	return nil
}

// dropBad moves the sound samples together.
func (p *pending) dropBad() {
	b := p.batch
	n, kept, masks, views := 3*b.H*b.W, Set{}, b.Masks[:0], b.Views[:0]
	for i, err := range p.errs {
		if err != nil {
			continue
		}
		if k := len(kept); k < i {
			copy(b.X[k*n:(k+1)*n], b.X[i*n:])
			copy(b.Pix[k*n:(k+1)*n], b.Pix[i*n:])
		}
		kept, masks, views = append(kept, b.Samples[i]), append(masks, b.Masks[i]), append(views, b.Views[i])
	}
	b.Samples, b.Masks, b.Views, b.X, b.Pix = kept, masks, views, b.X[:len(kept)*n], b.Pix[:len(kept)*n]
}

// inParallel calls do(i) for 0 ≤ i < n on all cores and returns when every call that began has ended. Once ctx is done no
// further call begins.
func inParallel(ctx context.Context, n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	workers.Wait()
}
