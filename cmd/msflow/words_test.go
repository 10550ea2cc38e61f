package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
)

// TestClosedTerminalLeavesACheckpoint: SIGHUP stops a training as Ctrl-C does, and what is said then runs as it stands.
func TestClosedTerminalLeavesACheckpoint(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("started under nohup: a closed terminal is to be ignored")
	}
	folder := filepath.Join(t.TempDir(), "a run")
	var out bytes.Buffer
	log := &stopAfter{text: "epoch 2/", cancel: func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Error(err)
		}
	}}
	code := run(append([]string{"train", "--out", folder, "--blocks", "1,1,1"}, append(small, "--epochs", "40")...), &out, log)
	if code != exitInterrupted {
		t.Fatalf("exit code %d\n%s", code, log.all.String())
	}
	command := "train --out '" + folder + "' --resume"
	if !runs.Exists(runs.Folder(folder).Checkpoint()) || !strings.Contains(log.all.String(), command) {
		t.Errorf("there is no checkpoint, or %q is not said:\n%s", command, log.all.String())
	}
}

// TestStoppedBeforeTheFirstCheckpoint must not be told that --resume continues.
func TestStoppedBeforeTheFirstCheckpoint(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	interruptedAt(t, "training images", folder, append([]string{"--blocks", "1,1,1"}, small...)...)
	refuse(t, []string{"no checkpoint yet"}, "train", "--out", folder, "--resume")
	must(t, append([]string{"train", "--out", folder, "--blocks", "1,1,1"}, small...)...)
}

// TestOneClassIsScored: curves need both kinds of image, verdicts do not.
func TestOneClassIsScored(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	must(t, "train", "--dataset", "synthetic", "--size", "64", "--counts", "8,4,0", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8", "--out", folder)
	printed := must(t, "eval", folder)
	rows := readCSV(t, filepath.Join(folder, "eval", "scores.csv"))
	called := 0
	for _, row := range rows[1:] {
		if row[6] == "anomalous" {
			called++
		}
		if row[4] == "" || row[5] == "" {
			t.Errorf("scores %v", row)
		}
	}
	if want := fmt.Sprintf("%d of 4 called anomalous", called); len(rows) != 5 || !strings.Contains(printed, want) {
		t.Errorf("%d rows; want %q in\n%s", len(rows), want, printed)
	}
	if maps, err := filepath.Glob(filepath.Join(folder, "eval", "maps", "*_map.png")); err != nil || len(maps) != 4 {
		t.Errorf("maps %v, %v", maps, err)
	}
}

// TestExplodedLossIsNoSuccess: numbers that are finite and mean nothing.
func TestExplodedLossIsNoSuccess(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	args := append([]string{"train", "--out", folder, "--blocks", "1,1,1"}, small...)
	_, log, code := msflow(t, append(args, "--lr", "30", "--clamp", "60")...)
	if code != exitError || !strings.Contains(log, "diverged") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

func TestNamesCannotCommandTheTerminal(t *testing.T) {
	for name, want := range map[string]string{
		"a/b c.png":           "a/b c.png",
		"größe.png":           "größe.png",
		"\x1b[2J.png":         `"\x1b[2J.png"`,
		"a\nnormal  b.png":    `"a\nnormal  b.png"`,
		"right\u202eleft.png": `"right\u202eleft.png"`,
	} {
		if got := quote.Name(name); got != want {
			t.Errorf("%q is printed as %s, want %s", name, got, want)
		}
	}
	if got := quote.Message("reading \x1b[31mred: \tno such file\nsecond line"); got != `reading \x1b[31mred: `+"\tno such file\nsecond line" {
		t.Errorf("an error is printed as %q", got)
	}
	for word, want := range map[string]string{"runs/a": "runs/a", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "a\nb'\"": `$'a\nb\'"'`} {
		if got := quote.Shell(word); got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
	}
}

func TestSpreadsheetsExecuteNoName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	row := []string{"=1+1", "@x", "+cmd", "-2.5", "-1e-7", "-dash.png", "plain", ""}
	if err := results.WriteCSV(path, [][]string{append([]string(nil), row...)}); err != nil {
		t.Fatal(err)
	}
	want := []string{"'=1+1", "'@x", "'+cmd", "-2.5", "-1e-7", "'-dash.png", "plain", ""}
	if got := readCSV(t, path)[0]; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestErrorsReadPlainly: no names of system calls, and no file named twice in a row.
func TestErrorsReadPlainly(t *testing.T) {
	_, err := os.Stat("gone/x.png")
	for _, c := range []struct {
		err  error
		want string
	}{
		{err, "gone/x.png: no such file or directory"},
		{fmt.Errorf("reading gone/x.png: %w", err), "reading gone/x.png: no such file or directory"},
		{errors.Join(errors.New("a"), fmt.Errorf("b: %w", err)), "a\nb: gone/x.png: no such file or directory"},
		{errors.New("stat is a word"), "stat is a word"},
	} {
		if got := quote.Plain(c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	for _, args := range [][]string{{"eval", "gone"}, {"predict", "gone", "x.png"}, {"train", "--dataset", "folder", "--data", "gone", "--out", filepath.Join(t.TempDir(), "r")},
		{"run", "gone.ipynb"}, {"run", "gone.go"}, {"export", "gone.ipynb", "-o", "x"}, {"data", "check", "--dataset", "folder", "--data", "gone"}} {
		_, log, code := msflow(t, args...)
		if code != exitError || strings.Contains(log, "stat ") || strings.Contains(log, "open ") || strings.Count(log, "gone") != 1 && !strings.Contains(log, "msflow train --out") {
			t.Errorf("%v: exit code %d, %s", args, code, log)
		}
	}
}
