package sweep

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shown is what a terminal shows of what was written to it, for the two sequences of the table: so many lines up, and clear what is below.
func shown(t *testing.T, written string) string {
	t.Helper()
	var lines []string
	at := 0
	for part := range strings.SplitSeq(written, "\n") {
		if m := regexp.MustCompile(`^\x1b\[(\d+)A\x1b\[J`).FindStringSubmatch(part); m != nil {
			up, _ := strconv.Atoi(m[1])
			if at -= up; at < 0 {
				t.Fatalf("the table goes above the first line:\n%q", written)
			}
			lines, part = lines[:at], part[len(m[0]):]
		}
		if strings.Contains(part, "\x1b") {
			t.Fatalf("an unexpected sequence in %q", part)
		}
		lines, at = append(lines, part), at+1
		if at != len(lines) {
			t.Fatal("the terminal is not at its end")
		}
	}
	return strings.Join(lines, "\n")
}

// TestLiveTable: below the lines stand the points that run, with epoch, loss and time left, cut to the terminal, and in the end only lines.
func TestLiveTable(t *testing.T) {
	folder := Folder(t.TempDir())
	var b bytes.Buffer
	r := &running{log: &b, folder: folder, all: 3, began: time.Now()}
	width := 100
	l := &live{to: &b, width: func() int { return width }, rows: r.rows}
	r.log = l
	points := []Point{{Flags: map[string]string{"class": "gear"}}, {Flags: map[string]string{"class": "fabric"}}, {Flags: map[string]string{"class": "wood"}}}
	file := func(p Point, name, text string) {
		path := filepath.Join(folder.Run(p), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	r.tell(Change{Point: points[0], Began: true})
	r.tell(Change{Point: points[1], Began: true})
	file(points[0], "run.json", `{"flags": {"epochs": "90"}}`)
	file(points[0], "log.jsonl", "{\"epoch\": 1, \"loss\": 12}\n{\"epoch\": 30, \"loss\": 1234.56, \"seconds\": 2}\n")
	file(points[1], "output.log", "gear: 24 images\nfeatures: 24 images\n")
	if err := l.draw(nil, true); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^        gear-\w+ begins\n        fabric-\w+ begins\n  gear-\w+    0:00  epoch 30/90, loss 1234.6, 2:00 left\n  fabric-\w+  0:00  features: 24 images\n  0 of 3 complete, 2 running\n$`)
	if got := shown(t, b.String()); !want.MatchString(got) {
		t.Errorf("the terminal shows\n%s", got)
	}
	file(points[0], "detector.safetensors", "")
	r.tell(Change{Point: points[1], Err: errors.New("no such pictures")})
	if got := shown(t, b.String()); !strings.Contains(got, "  evaluating\n  0 of 3 complete, 1 running, about 0:00 left\n") || strings.Contains(got, "features") {
		t.Errorf("the terminal shows\n%s", got)
	}
	width = 20
	r.tell(Change{Point: points[2], Began: true})
	for _, row := range strings.Split(shown(t, b.String()), "\n")[4:] {
		if len([]rune(row)) >= width {
			t.Errorf("a row is too wide: %q", row)
		}
	}
	r.tell(Change{Point: points[0], State: Complete})
	l.refreshed(time.Hour)()
	want = regexp.MustCompile(`^(        .*\n){4}  1/3   gear-\w+ is complete\n$`)
	if got := shown(t, b.String()); !want.MatchString(got) {
		t.Errorf("in the end the terminal shows\n%s", got)
	}
}
