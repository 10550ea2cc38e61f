package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

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
		w.ready = append(w.ready, arrival{path, now})
		if !before.tried {
			delete(w.waiting, name)
		}
	}
}
