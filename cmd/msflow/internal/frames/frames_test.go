package frames

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

func files(t testing.TB) (list [][]byte) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 12 {
		m := image.NewRGBA(image.Rect(0, 0, 5+40*i, 3+30*i))
		for k := range m.Pix {
			m.Pix[k] = uint8(rng.Uint32())
		}
		m.Set(0, 0, color.White)
		var b bytes.Buffer
		var err error
		if i%2 == 0 {
			err = png.Encode(&b, m)
		} else {
			err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 95})
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b.Bytes())
	}
	return list
}

// A stream is cut into the files that it was made of, however the pipe delivers it.
func TestFilesComeBack(t *testing.T) {
	want := files(t)
	all := bytes.Join(want, nil)
	for name, pipe := range map[string]io.Reader{
		"at once": bytes.NewReader(all), "in halves": iotest.HalfReader(bytes.NewReader(all)), "byte by byte": iotest.OneByteReader(bytes.NewReader(all)),
	} {
		r := New(pipe)
		for i, file := range want {
			got, err := r.Next()
			if err != nil || !bytes.Equal(got, file) {
				t.Fatalf("%s: frame %d has %d bytes of %d: %v", name, i+1, len(got), len(file), err)
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: at the end %v", name, err)
		}
	}
}

func TestBrokenStreams(t *testing.T) {
	want := files(t)
	for i, file := range want[:4] {
		for _, cut := range []int{1, 3, len(file) / 2, len(file) - 1} {
			r := New(bytes.NewReader(append(bytes.Join(want[:i], nil), file[:cut]...)))
			var err error
			n := 0
			for ; err == nil; n++ {
				_, err = r.Next()
			}
			if errors.Is(err, io.EOF) || n != i+1 {
				t.Errorf("frame %d cut to %d bytes: %v after %d", i+1, cut, err, n)
			}
		}
	}
	for text, words := range map[string]string{"GIF89a": "neither", "\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT": "MB", "\xff\xd8ab": "marker", "\xff\xd8\xff\xe0\x00\x01": "length"} {
		if _, err := New(strings.NewReader(text)).Next(); err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "frame 1") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRaw(t *testing.T) {
	r := New(strings.NewReader(strings.Repeat("x", 2*18+5)))
	for range 2 {
		if got, err := r.Raw(3, 2); err != nil || len(got) != 18 {
			t.Fatal(len(got), err)
		}
	}
	if _, err := r.Raw(3, 2); err == nil || !strings.Contains(err.Error(), "frame 3") {
		t.Error(err)
	}
}

func FuzzNext(f *testing.F) {
	for _, file := range files(f)[:4] {
		f.Add(file)
		f.Add(file[:len(file)/2])
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := New(bytes.NewReader(stream))
		n := 0
		for {
			file, err := r.Next()
			if err != nil {
				return
			}
			if n += len(file); n > len(stream)+len(file) || len(file) == 0 {
				t.Fatalf("%d bytes of %d", n, len(stream))
			}
		}
	})
}
