package datasets

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// numberedSet has n samples whose every pixel is its number.
func numberedSet(n int) Set {
	set := make(Set, n)
	for i := range set {
		pix := slices.Repeat([]uint8{uint8(i)}, 3*6*4)
		set[i] = NewSample(fmt.Sprint(i), "number", Good, &Image{6, 4, pix}, nil)
	}
	return set
}

func TestBatchesKeepTheOrder(t *testing.T) {
	set := numberedSet(23)
	for _, workers := range []int{0, 1, 7} {
		next := 0
		for b, err := range Batches(context.Background(), set, 3, 5, 4, workers) {
			if err != nil {
				t.Fatal(err)
			}
			if b.First != next || len(b.X) != len(b.Samples)*3*3*5 || len(b.Masks) != len(b.Samples) {
				t.Fatalf("batch from %d, %d samples, %d values", b.First, len(b.Samples), len(b.X))
			}
			for i := range b.Samples {
				im := &Image{5, 3, slices.Repeat([]uint8{uint8(next)}, 3*15)}
				if !slices.Equal(b.X[i*45:][:45], Normalize(im)) {
					t.Fatalf("sample %d holds other values", next)
				}
				if m := b.Masks[i]; m.W != 5 || m.H != 3 || m.Area() != 0 {
					t.Fatalf("mask of sample %d: %+v", next, m)
				}
				next++
			}
		}
		if next != len(set) {
			t.Errorf("%d workers: %d samples of %d", workers, next, len(set))
		}
	}
	for range Batches(context.Background(), nil, 3, 5, 4, 2) {
		t.Error("a batch of an empty set")
	}
}

func TestBatchesStopAtABadFile(t *testing.T) {
	root := makeFolder(t)
	writeFile(t, filepath.Join(root, "normal/2.jpg"), half(imageBytes(t, "2.jpg")))
	set := Files(filepath.Join(root, "normal/1.jpg"), filepath.Join(root, "normal/2.jpg"), filepath.Join(root, "normal/3.jpg"))
	var good int
	var failed error
	for b, err := range Batches(context.Background(), set, 8, 8, 1, 2) {
		if err != nil {
			failed = err
			continue
		}
		good += len(b.Samples)
		if b.Masks[0] != nil {
			t.Error("a file of unknown truth has a mask")
		}
	}
	if good != 1 || failed == nil || !strings.Contains(failed.Error(), filepath.Join("normal", "2.jpg")) {
		t.Errorf("%d samples, then %v", good, failed)
	}
}

func TestBatchesStopWithTheirContext(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var last error
	batches := 0
	for _, err := range Batches(ctx, numberedSet(200), 64, 64, 2, 2) {
		last = err
		if batches++; batches == 3 {
			stop()
		}
	}
	if !errors.Is(last, context.Canceled) || batches != 4 {
		t.Errorf("after %d batches: %v", batches, last)
	}
}

func TestBatchesLeaveNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		for range Batches(context.Background(), numberedSet(50), 32, 32, 4, 3) {
			break
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}

// A slow reader must not have the whole set in memory.
func TestBatchesReadLittleAhead(t *testing.T) {
	set := make(Set, 40)
	loaded := make(chan int, len(set))
	for i := range set {
		set[i] = Sample{Name: fmt.Sprint(i), pixels: countingSource{loaded}}
	}
	const most = 2 * (1 + aheadBatches)
	for range Batches(context.Background(), set, 2, 2, 2, 4) {
		for deadline := time.Now().Add(20 * time.Second); len(loaded) < most && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond) // for what should not come
		break
	}
	// The reader's batch and those ahead of it.
	if n := len(loaded); n != most {
		t.Errorf("%d samples were read for a reader that took 2, want %d", n, most)
	}
}

type countingSource struct{ loaded chan int }

func (c countingSource) hasMask() bool { return false }

func (c countingSource) check(*reading, Depth) (facts, error) {
	return facts{size: image.Pt(2, 2)}, nil
}

func (c countingSource) read(*reading) (picture.Raster, *Mask, error) {
	c.loaded <- 1
	return picture.New(2, 2, 1), nil, nil
}

func BenchmarkBatches(b *testing.B) {
	path := filepath.Join(b.TempDir(), "big.png")
	pic := image.NewGray(image.Rect(0, 0, 1024, 1024))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range pic.Pix {
		pic.Pix[i] = uint8(random.Uint32())
	}
	writeFile(b, path, encode(b, path, pic))
	set := Files(slices.Repeat([]string{path}, 16)...)
	for b.Loop() {
		for _, err := range Batches(context.Background(), set, 256, 256, 8, 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(16*b.N)/b.Elapsed().Seconds(), "images/s")
}
