package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func readerOf(b []byte, l Limits) *reader {
	l = l.withDefaults()
	return &reader{r: bufio.NewReader(bytes.NewReader(b)), limits: l, pending: &budget{max: l.Pending}}
}

// Sizes around the short frame's limit and around a chunk.
func TestMessageRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 254, 255, 256, 65536, chunk - 1, chunk, chunk + 1, 3*chunk + 7} {
		want := [][]byte{[]byte("topic"), bytes.Repeat([]byte{'x'}, n), {}}
		r := readerOf(wireMessage(want), Limits{})
		got, size, err := r.message()
		if err != nil || len(got) != 3 || !bytes.Equal(got[1], want[1]) || len(got[2]) != 0 {
			t.Fatalf("%d bytes: %d frames, %v", n, len(got), err)
		}
		if size != int64(n+5) || r.pending.used.Load() != size {
			t.Errorf("%d bytes: size %d, pending %d", n, size, r.pending.used.Load())
		}
	}
}

func TestFrameErrors(t *testing.T) {
	long := func(n uint64) string {
		return string([]byte{flagLong, byte(n >> 56), byte(n >> 48), byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	for _, c := range []struct {
		name, wire string
		want       error
	}{
		{"reserved flag", "\x10\x01a", errMalformed},
		{"command with more", "\x05\x02\x01a", errMalformed},
		{"command without a name", "\x04\x00", errMalformed},
		{"command name past its end", "\x04\x02\x05a", errMalformed},
		{"size 2^64-1", long(1<<64 - 1), errOversized},
		{"size 2^63", long(1 << 63), errOversized},
		{"size above the limit", long(1001), errOversized},
		{"sum above the limit", "\x03" + long(600)[1:] + strings.Repeat("x", 600) + long(600), errOversized},
		{"too many frames", strings.Repeat("\x01\x00", 9), errOversized},
		{"cut in the body", "\x00\x05abc", io.ErrUnexpectedEOF},
		{"cut in the size", "\x02\x00\x00", io.ErrUnexpectedEOF},
		{"nothing", "", io.EOF},
	} {
		r := readerOf([]byte(c.wire), Limits{Message: 1000, Frames: 8})
		if _, _, err := r.message(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if n := r.pending.used.Load(); n != 0 {
			t.Errorf("%s: %d bytes never given back", c.name, n)
		}
	}
}

// A header that announces much must not allocate much.
func TestAnnouncedSizeIsNotAllocated(t *testing.T) {
	wire := append([]byte{flagLong, 0, 0, 0, 0, 0x0f, 0, 0, 0}, "few bytes"...)
	allocated := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			readerOf(wire, Limits{}).message()
		}
	}).AllocedBytesPerOp()
	if allocated > 4*chunk {
		t.Errorf("a frame announcing 252 MB allocated %d bytes", allocated)
	}
}

func TestPendingBudgetIsShared(t *testing.T) {
	shared := &budget{max: 1500}
	wire := wireMessage([][]byte{make([]byte, 1000)})
	a, b := readerOf(wire, Limits{}), readerOf(wire, Limits{})
	a.pending, b.pending = shared, shared
	if _, _, err := a.message(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.message(); !errors.Is(err, errOversized) {
		t.Errorf("second message: %v, want errOversized", err)
	}
	if n := shared.used.Load(); n != 1000 {
		t.Errorf("%d bytes held, want the first message's 1000", n)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(wireMessage([][]byte{[]byte("a"), {}, make([]byte, 300)}))
	f.Add([]byte("\x04\x05\x04PING"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		r := readerOf(wire, Limits{Message: 1 << 16})
		for {
			frames, size, err := r.message()
			if err != nil {
				break
			}
			n := 0
			for _, f := range frames {
				n += len(f)
			}
			if int64(n) != size {
				t.Fatalf("%d bytes in frames, %d accounted", n, size)
			}
			r.pending.give(size)
		}
		if n := r.pending.used.Load(); n != 0 {
			t.Fatalf("%d bytes never given back", n)
		}
	})
}
