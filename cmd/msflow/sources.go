package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/frames"
	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/datasets"
)

// mostTogether is how many images are scored in one go: as many as go through the backbone together.
const mostTogether = 8

// pathList is paths that come one a line.
type pathList struct {
	paths chan string
	err   error // of reading, once paths is closed
}

// listedOn reads paths ahead, so that those that are there already are scored together.
func listedOn(r io.Reader) *pathList {
	l := &pathList{paths: make(chan string, mostTogether)}
	go func() {
		defer close(l.paths)
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if path := strings.TrimSuffix(lines.Text(), "\r"); path != "" {
				l.paths <- path
			}
		}
		l.err = lines.Err()
	}()
	return l
}

// frameStream is the pictures of a film, from a pipe. They are called by their number.
type frameStream struct {
	frames chan arrival
	err    error // of reading, once frames is closed
	first  int   // number of the next frame
	reader *frames.Reader
	w, h   int // of RGB pixels; 0: PNG or JPEG files
}

// filmed reads frames from r: files of PNG or JPEG, or RGB pixels of a size such as 640x480 (width × height).
func filmed(r io.Reader, size string) (*frameStream, error) {
	s := &frameStream{frames: make(chan arrival, 1), reader: frames.New(r)}
	if size == "" {
		return s, nil
	}
	w, h, _ := strings.Cut(size, "x")
	var err1, err2 error
	s.w, err1 = strconv.Atoi(w)
	s.h, err2 = strconv.Atoi(h)
	if err1 != nil || err2 != nil || s.w < 1 || s.h < 1 || s.w > mostPixels/s.h {
		return nil, fmt.Errorf("--frame-size %s: it is WIDTHxHEIGHT in pixels, such as 640x480, of at most %d million", size, mostPixels/1_000_000)
	}
	return s, nil
}

// mostPixels is how many pixels a frame may have.
const mostPixels = 100_000_000

// begin counts on where the results have frames already, and begins to read.
func (s *frameStream) begin(done []streamRow) {
	for _, row := range done {
		var n int
		if _, err := fmt.Sscanf(row.Name, frameName, &n); err == nil {
			s.first = max(s.first, n)
		}
	}
	go s.read()
}

const frameName = "frame-%06d"

func (s *frameStream) read() {
	defer close(s.frames)
	for none := true; ; none = false {
		a := arrival{path: fmt.Sprintf(frameName, s.first+1)}
		if s.w > 0 {
			var pixels []byte
			if pixels, s.err = s.reader.Raw(s.w, s.h); s.err == nil {
				a.picture = &datasets.Image{W: s.w, H: s.h, Pix: pixels}
			}
		} else {
			a.content, s.err = s.reader.Next()
		}
		if none && errors.Is(s.err, io.EOF) {
			s.err = errors.New("--frames: the stream ended before its first frame")
		}
		if s.err != nil {
			return
		}
		s.first++
		s.frames <- a
	}
}

func (s *frameStream) postpone(arrival) bool { return false }

// next gives one frame, so that its result comes before the next frame is waited for.
func (s *frameStream) next(ctx context.Context) ([]arrival, error) {
	select {
	case a, more := <-s.frames:
		if !more {
			return nil, s.err
		}
		return []arrival{a}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pathList) begin([]streamRow)     {}
func (l *pathList) postpone(arrival) bool { return false }

func (l *pathList) next(ctx context.Context) (batch []arrival, err error) {
	select {
	case path, more := <-l.paths:
		if !more {
			if l.err != nil {
				return nil, fmt.Errorf("the list of images: %w", l.err)
			}
			return nil, io.EOF
		}
		batch = append(batch, arrival{path: path})
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for len(batch) < mostTogether {
		select {
		case path, more := <-l.paths:
			if !more {
				return batch, nil
			}
			batch = append(batch, arrival{path: path})
		default:
			return batch, nil
		}
	}
	return batch, nil
}

// How often a watched folder is looked at, and how long a file that cannot be read may stand still before it counts as bad. Looking
// works on every file system, shared ones too, which notices of changes do not.
const (
	lookEvery = 500 * time.Millisecond
	patience  = 10 * time.Second
)

// watchedFolder is a folder in which images appear.
type watchedFolder struct {
	dir, except string
	log         io.Writer

	scored  map[string]stamp    // what has a result
	waiting map[string]waiting  // what has been seen and has none
	ready   []arrival           // in the order of names
	told    map[string]struct{} // problems that were named
}

// waiting is a file that may be half-written.
type waiting struct {
	stamp stamp
	since time.Time // when it was first seen as it is
	tried bool      // and could not be read
}

func (w *watchedFolder) begin(done []streamRow) {
	w.scored, w.waiting, w.told = map[string]stamp{}, map[string]waiting{}, map[string]struct{}{}
	for _, row := range done {
		w.scored[row.Name] = row.stamp
	}
}

func (w *watchedFolder) next(ctx context.Context) ([]arrival, error) {
	for len(w.ready) == 0 {
		if err := w.look(); err != nil {
			return nil, err
		}
		if len(w.ready) > 0 {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
	n := min(mostTogether, len(w.ready))
	batch := w.ready[:n]
	w.ready = w.ready[n:]
	for _, a := range batch { // scored, unless it is postponed
		w.scored[filepath.ToSlash(a.path)] = a.stamp
	}
	return batch, ctx.Err()
}

// postpone lets a file that could not be read wait until it changes, or for its last try.
func (w *watchedFolder) postpone(a arrival) bool {
	name := filepath.ToSlash(a.path)
	before, known := w.waiting[name]
	if known && before.tried && time.Since(before.since) >= patience {
		delete(w.waiting, name)
		return false
	}
	if !known {
		before = waiting{stamp: a.stamp, since: time.Now()}
	}
	before.tried = true
	w.waiting[name] = before
	delete(w.scored, name)
	return true
}

// look lists the files that have no result and did not change since the look before.
func (w *watchedFolder) look() error {
	if _, err := os.Stat(w.dir); err != nil {
		return fmt.Errorf("the watched folder: %w", err)
	}
	images, problems := datasets.Find([]string{w.dir}, w.except)
	for _, p := range problems {
		if _, told := w.told[p.Err.Error()]; !told && !errors.Is(p.Err, datasets.ErrNoImages) {
			w.told[p.Err.Error()] = struct{}{}
			fmt.Fprintf(w.log, "note: %s\n", quote.Message(quote.Plain(p.Err)))
		}
	}
	for _, path := range images {
		w.consider(path)
	}
	return nil
}

func (w *watchedFolder) consider(path string) {
	name := filepath.ToSlash(path)
	info, err := os.Stat(path)
	if err != nil {
		return // gone again
	}
	now := stamp{info.Size(), info.ModTime().UnixNano()}
	if done, ok := w.scored[name]; ok && done == now {
		return
	}
	before, known := w.waiting[name]
	switch {
	case !known || before.stamp != now:
		w.waiting[name] = waiting{stamp: now, since: time.Now()}
	case before.tried && time.Since(before.since) < patience:
	case now.Size > 0 || time.Since(before.since) >= patience:
		w.ready = append(w.ready, arrival{path: path, stamp: now})
		if !before.tried {
			delete(w.waiting, name)
		}
	}
}
