package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t testing.TB, path string) *Log {
	t.Helper()
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func add(t testing.TB, l *Log, inputs ...string) {
	t.Helper()
	for i, in := range inputs {
		if err := l.Add(i+1, in); err != nil {
			t.Fatal(err)
		}
	}
}

func inputs(t testing.TB) func([]Entry, error) string {
	return func(es []Entry, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, e := range es {
			s = append(s, fmt.Sprintf("%d.%d:%s", e.Session, e.Line, e.Input))
		}
		return strings.Join(s, " ")
	}
}

func TestQueries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "history.jsonl")
	first, second := open(t, path), open(t, path)
	add(t, first, "a", "b", "a")
	if err := first.AddOutput(2, "result"); err != nil {
		t.Fatal(err)
	}
	add(t, second, "x", "a")
	show := inputs(t)
	for _, c := range []struct{ name, got, want string }{
		{"tail 2", show(second.Tail(2)), "2.1:x 2.2:a"},
		{"tail 4", show(second.Tail(4)), "1.2:b 1.3:a 2.1:x 2.2:a"},
		{"tail 99", show(second.Tail(99)), "1.1:a 1.2:b 1.3:a 2.1:x 2.2:a"},
		{"tail -1", show(second.Tail(-1)), ""},
		{"this session", show(second.Range(0, 1, 0)), "2.1:x 2.2:a"},
		{"session before", show(second.Range(-1, 2, 0)), "1.2:b 1.3:a"},
		{"by number", show(second.Range(1, 2, 3)), "1.2:b"},
		{"search", show(second.Search("a", 0, false)), "1.1:a 1.3:a 2.2:a"},
		{"search 2", show(second.Search("a*", 2, false)), "1.3:a 2.2:a"},
		{"unique", show(second.Search("*", 0, true)), "1.2:b 2.1:x 2.2:a"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	es, _ := second.Range(1, 2, 3)
	if d := cmp.Diff([]Entry{{1, 2, "b", "result"}}, es); d != "" {
		t.Error(d)
	}
}

// Before a session's first input, 0 is not the session of somebody else.
func TestCurrentSessionBeforeItsFirstInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h")
	add(t, open(t, path), "old")
	if got := inputs(t)(open(t, path).Range(0, 1, 0)); got != "" {
		t.Errorf("%q", got)
	}
	if got := inputs(t)(open(t, path).Range(-1, 1, 0)); got != "1.1:old" {
		t.Errorf("%q", got)
	}
}

func TestMemory(t *testing.T) {
	l, err := Open("/proc/no/such/place/history")
	if err == nil || !strings.Contains(err.Error(), "/proc/no") {
		t.Errorf("error %v", err)
	}
	add(t, l, "a", "b")
	if got := inputs(t)(l.Tail(1)); got != "1.2:b" {
		t.Errorf("%q", got)
	}
}

func TestOnlyTheOwnerReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "msflow", "h")
	os.MkdirAll(filepath.Dir(path), 0o700)
	os.WriteFile(path, nil, 0o644)
	add(t, open(t, path), "secret")
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", st.Mode())
	}
}

// Many sessions writing at once: nothing torn, nothing lost, numbers distinct.
func TestSharedByManySessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h")
	const sessions, lines = 12, 40
	var wg sync.WaitGroup
	for range sessions {
		wg.Go(func() {
			l := open(t, path)
			for n := range lines {
				if err := l.Add(n+1, strings.Repeat("long input ", 500)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	all, err := open(t, path).Tail(1e6)
	if err != nil || len(all) != sessions*lines {
		t.Errorf("%d entries, %v", len(all), err)
	}
	count := map[int]int{}
	for _, e := range all {
		count[e.Session]++
	}
	if len(count) != sessions {
		t.Errorf("%d distinct sessions, want %d", len(count), sessions)
	}
}

func TestDamagedLinesAreSkipped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h")
	os.WriteFile(path, []byte("garbage\n{\"s\":3,\"n\":1,\"i\":\"kept\"}\n{\"s\":4,\"n\"\n\x00\n"), 0o600)
	l := open(t, path)
	add(t, l, "new")
	if got := inputs(t)(l.Tail(9)); got != "3.1:kept 5.1:new" && got != "3.1:kept 4.1:new" {
		t.Errorf("%q", got)
	}
}

func TestFileIsCutFromItsOldEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h")
	line := `{"s":7,"n":1,"i":"` + strings.Repeat("x", 1000) + "\"}\n"
	os.WriteFile(path, []byte(strings.Repeat(line, maxBytes/len(line)+1)), 0o600)
	l := open(t, path)
	add(t, l, "new")
	st, _ := os.Stat(path)
	if st.Size() > keepBytes+1000 || st.Size() < keepBytes-2000 {
		t.Errorf("%d bytes left", st.Size())
	}
	if l.Session() != 8 {
		t.Errorf("session %d, want 8", l.Session())
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a\nb", true}, {"a?c", "aéc", true}, {"a?c", "ac", false},
		{"*for*", "x for y", true}, {"*for", "for x for", true}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYbZ", false}, {"[a]", "a", false},
	} {
		if got := Match(c.pattern, c.text); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}
