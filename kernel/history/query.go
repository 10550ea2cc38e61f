package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Tail returns the last n inputs of all sessions, oldest first.
func (l *Log) Tail(n int) ([]Entry, error) {
	all, err := l.all()
	return last(all, n), err
}

// Range returns the inputs of one session with start ≤ line < stop; stop ≤ 0 means to the end. Session 0 is the current
// one, -1 the one before it.
func (l *Log) Range(session, start, stop int) ([]Entry, error) {
	all, err := l.all()
	if session <= 0 {
		session += l.current(all)
	}
	return slices.DeleteFunc(all, func(e Entry) bool {
		return e.Session != session || e.Line < start || stop > 0 && e.Line >= stop
	}), err
}

// Search returns the last n inputs (all for n ≤ 0) that match a pattern in which * stands for any text and ? for one
// character, oldest first. With unique, equal inputs appear once, where they were typed last.
func (l *Log) Search(pattern string, n int, unique bool) ([]Entry, error) {
	all, err := l.all()
	all = slices.DeleteFunc(all, func(e Entry) bool { return !Match(pattern, e.Input) })
	if unique {
		all = withoutRepeats(all)
	}
	if n > 0 {
		all = last(all, n)
	}
	return all, err
}

// current is this session's number, or the one it will get.
func (l *Log) current(all []Entry) int {
	if n := l.Session(); n > 0 {
		return n
	}
	highest := 0
	for _, e := range all {
		highest = max(highest, e.Session)
	}
	return highest + 1
}

func last(all []Entry, n int) []Entry {
	return all[max(0, len(all)-max(0, n)):]
}

func withoutRepeats(all []Entry) []Entry {
	seen := map[string]bool{}
	var kept []Entry
	for _, e := range slices.Backward(all) {
		if !seen[e.Input] {
			seen[e.Input] = true
			kept = append(kept, e)
		}
	}
	slices.Reverse(kept)
	return kept
}

// Match reports whether text matches pattern as a whole; * may stand for line breaks too.
func Match(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	star, mark := -1, 0 // where to resume after the last *
	i, j := 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}

// all reads every entry, oldest first. Damaged lines are skipped.
func (l *Log) all() ([]Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == "" {
		return parse(l.memory), nil
	}
	var b []byte
	err := withLock(l.path, false, func(f *os.File) (err error) {
		b, err = io.ReadAll(f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("history %s: %w", l.path, err)
	}
	return parse(b), nil
}

func parse(b []byte) []Entry {
	all := []Entry{}
	at := map[[2]int]int{} // session, line → place of the latest input
	for line := range bytes.Lines(b) {
		var r record
		if json.Unmarshal(line, &r) != nil {
			continue
		}
		key := [2]int{r.Session, r.Line}
		if r.Input != nil {
			at[key] = len(all)
			all = append(all, Entry{Session: r.Session, Line: r.Line, Input: *r.Input})
		}
		if i, ok := at[key]; ok && r.Output != nil {
			all[i].Output = *r.Output
		}
	}
	return all
}
