package engine

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"math/big"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/interp/memory"
)

// The system, or Go's runtime, ends a process that takes more memory than there is. So a cell that takes nearly all is stopped, and
// functions that allocate what they are told look first.

// exhausted is the panic of a cell that took the memory that was left.
type exhausted struct{ took, free int64 }

func (e exhausted) Error() string {
	return fmt.Sprintf("out of memory: the cell took %s and left %s; what its variables hold stays until they get other values", inBytes(e.took), inBytes(e.free))
}

func inBytes(n int64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// memoryWatch looks at a running cell's memory now and then.
type memoryWatch struct {
	next    time.Time
	reserve int64 // that a cell leaves
	used    int64 // the least that it had

	collecting atomic.Bool
	collected  time.Time
}

const (
	leastReserve, mostReserve = 384 << 20, 1 << 30
	fastest                   = 8 << 30 // bytes that a cell may take in a second
	seldomLook                = 200 * time.Millisecond
)

// look says that the cell took nearly all that was left, garbage aside. How soon it looks again depends on how much is free.
func (w *memoryWatch) look() *exhausted {
	now := time.Now()
	if now.Before(w.next) {
		return nil
	}
	free, used := memory.Free(), memory.Used()
	if w.reserve == 0 {
		w.begin(free, used)
	}
	w.used = min(w.used, used)
	w.next = now.Add(min(seldomLook, time.Duration(float64(free)/fastest*float64(time.Second))))
	switch took := used - w.used; {
	case free >= w.reserve || used < w.reserve:
		return nil
	case free < w.reserve/4: // no time is left
		return &exhausted{took, free}
	case w.collecting.Load() || w.collect(now) || took < w.reserve/2:
		return nil
	default:
		return &exhausted{took, free}
	}
}

// begin settles what is left to others. Beyond half of that the collector works as hard as it can, which slows a cell down, unless
// GOMEMLIMIT says when.
func (w *memoryWatch) begin(free, used int64) {
	w.reserve, w.used = min(max((free+used)/8, leastReserve), mostReserve), used
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(used + free - w.reserve/2)
	}
}

// collect gives garbage back to the system, unless that was done a moment ago. It takes its time where much is alive.
func (w *memoryWatch) collect(now time.Time) bool {
	if now.Sub(w.collected) < time.Second {
		return false
	}
	w.collecting.Store(true)
	go func() {
		debug.FreeOSMemory()
		w.collected = time.Now()
		w.collecting.Store(false)
	}()
	return true
}

// sizedOverrides are functions that allocate what they are told, as far as a slip makes that too much.
func sizedOverrides() map[string]any {
	all := map[string]any{
		"strings.Repeat": func(s string, n int) string {
			interp.MustFit(int64(n), int64(len(s)), "strings.Repeat")
			return strings.Repeat(s, n)
		},
		"bytes.Repeat": func(b []byte, n int) []byte {
			interp.MustFit(int64(n), int64(len(b)), "bytes.Repeat")
			return bytes.Repeat(b, n)
		},
		"(*bytes.Buffer).Grow": func(b *bytes.Buffer, n int) {
			interp.MustFit(int64(n), 1, "bytes.Buffer.Grow")
			b.Grow(n)
		},
		"(*strings.Builder).Grow": func(b *strings.Builder, n int) {
			interp.MustFit(int64(n), 1, "strings.Builder.Grow")
			b.Grow(n)
		},
		"bufio.NewReaderSize": func(r io.Reader, n int) *bufio.Reader {
			interp.MustFit(int64(n), 1, "bufio.NewReaderSize")
			return bufio.NewReaderSize(r, n)
		},
		"bufio.NewWriterSize": func(w io.Writer, n int) *bufio.Writer {
			interp.MustFit(int64(n), 1, "bufio.NewWriterSize")
			return bufio.NewWriterSize(w, n)
		},
		"(*math/big.Int).Lsh": func(z, x *big.Int, n uint) *big.Int {
			interp.MustFit(int64(n/8)+int64(len(x.Bits()))*8, 1, "big.Int.Lsh")
			return z.Lsh(x, n)
		},
		"(*math/big.Int).SetBit": func(z, x *big.Int, i int, b uint) *big.Int {
			interp.MustFit(int64(i/8), 1, "big.Int.SetBit")
			return z.SetBit(x, i, b)
		},
		"reflect.New": func(t reflect.Type) reflect.Value {
			interp.MustFit(1, int64(t.Size()), "reflect.New")
			return reflect.New(t)
		},
		"reflect.MakeSlice": func(t reflect.Type, n, c int) reflect.Value {
			if t.Kind() == reflect.Slice { // or reflect says so
				interp.MustFit(int64(max(n, c)), int64(t.Elem().Size()), "reflect.MakeSlice")
			}
			return reflect.MakeSlice(t, n, c)
		},
		"reflect.MakeChan": func(t reflect.Type, n int) reflect.Value {
			if t.Kind() == reflect.Chan {
				interp.MustFit(int64(n), int64(t.Elem().Size()), "reflect.MakeChan")
			}
			return reflect.MakeChan(t, n)
		},
		"image.NewPaletted": func(r image.Rectangle, p color.Palette) *image.Paletted {
			mustFitPicture(r, 1, "image.NewPaletted")
			return image.NewPaletted(r, p)
		},
	}
	sizedPicture(all, "image.NewRGBA", 4, image.NewRGBA)
	sizedPicture(all, "image.NewNRGBA", 4, image.NewNRGBA)
	sizedPicture(all, "image.NewCMYK", 4, image.NewCMYK)
	sizedPicture(all, "image.NewRGBA64", 8, image.NewRGBA64)
	sizedPicture(all, "image.NewNRGBA64", 8, image.NewNRGBA64)
	sizedPicture(all, "image.NewGray", 1, image.NewGray)
	sizedPicture(all, "image.NewAlpha", 1, image.NewAlpha)
	sizedPicture(all, "image.NewGray16", 2, image.NewGray16)
	sizedPicture(all, "image.NewAlpha16", 2, image.NewAlpha16)
	return all
}

// sizedPicture adds a function that makes a picture of so many bytes a pixel.
func sizedPicture[T any](all map[string]any, name string, bytes int64, make func(image.Rectangle) *T) {
	all[name] = func(r image.Rectangle) *T {
		mustFitPicture(r, bytes, name)
		return make(r)
	}
}

func mustFitPicture(r image.Rectangle, bytes int64, what string) {
	if w, h := int64(r.Dx()), int64(r.Dy()); w > 0 && h > 0 && w < math.MaxInt64/h/bytes { // or the package says so
		interp.MustFit(w*h, bytes, what)
	}
}
