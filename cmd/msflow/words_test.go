package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
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

// TestNoNameCommandsTheTerminal looks at all that is printed of a data set whose every name holds an escape sequence and a new line.
func TestNoNameCommandsTheTerminal(t *testing.T) {
	const evil = "\x1b[31m\nmsflow: all is well"
	dir := t.TempDir()
	data := filepath.Join(dir, "data"+evil)
	names := func(folder string, from, to int) {
		t.Helper()
		writePictures(t, filepath.Join(data, folder), from, to)
		for i := from; i < to; i++ {
			plain := filepath.Join(data, folder, fmt.Sprintf("%03d", i))
			if err := os.Rename(plain+".png", plain+evil+".png"); err != nil {
				t.Fatal(err)
			}
		}
	}
	names("good", 0, 12)
	names("bad"+evil, 100, 103)
	names("other"+evil, 200, 201)
	put(t, filepath.Join(data, "good", "broken"+evil+".png"), "x")
	put(t, filepath.Join(data, "loose"+evil+".png"), "x")
	copyFile := func(from, to string) { put(t, filepath.Join(data, to), readText(t, filepath.Join(data, from))) }
	copyFile("good/003"+evil+".png", "good/twin"+evil+".png")
	about := []string{"--dataset", "folder", "--data", data, "--abnormal", filepath.Join(data, "bad"+evil), "--size", "64"}
	kinds := filepath.Join(dir, "kinds")
	writePictures(t, filepath.Join(kinds, "train", "good"), 0, 12)
	writePictures(t, filepath.Join(kinds, "test", "good"), 50, 53)
	writePictures(t, filepath.Join(kinds, "test", "dent"+evil), 100, 103)
	writePictures(t, filepath.Join(kinds, "test", "hole"), 110, 113)
	run := filepath.Join(dir, "run"+evil)
	mask := filepath.Join(dir, "list"+evil)
	put(t, mask, "nobody\n")
	for _, args := range [][]string{
		append([]string{"data", "check"}, about...),
		append([]string{"data", "check", "--skip-bad", "--distance", "256", "--sheet", filepath.Join(dir, "sheet"+evil+".png")}, about...),
		append([]string{"data", "check", "--skip-bad", "--split", mask}, about...),
		append([]string{"data", "check", "--skip-bad", "--group", "zzz"}, about...),
		{"data", "check", "--data", filepath.Join(dir, "gone"+evil)},
		append([]string{"train", "--skip-bad", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8", "--out", run}, about...),
		append([]string{"train", "--out", run}, about...),
		{"eval", run, "--maps=false", "--rows", "0"},
		{"predict", run, data, "--maps=false", "--out", filepath.Join(dir, "p"+evil)},
		{"predict", run, filepath.Join(data, "gone"+evil)},
		{"calibrate", run, data},
		{"calibrate", run, filepath.Join(data, "bad"+evil)},
		{"predict", run, data, "--maps=false", "--overwrite", "--out", filepath.Join(dir, "p"+evil)},
		{"data", "check", "--data", kinds, "--sheet", filepath.Join(dir, "kinds.png")},
		{"train", "--data", kinds, "--size", "64", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8", "--out", filepath.Join(dir, "kinds-run")},
		{"eval", filepath.Join(dir, "kinds-run"), "--maps=false", "--rows", "0"},
		{"eval", filepath.Join(dir, "gone"+evil)},
		{"run", filepath.Join(dir, "gone"+evil+".ipynb")},
	} {
		out, log, _ := msflow(t, args...)
		for what, text := range map[string]string{"output": out, "log": log} {
			if strings.Contains(text, "\x1b") || strings.Contains(text, "\nmsflow: all is well") {
				t.Errorf("msflow %q: its %s is %q", args, what, text)
			}
		}
	}
	if !runs.Exists(filepath.Join(run, "eval", "metrics.json")) {
		t.Error("the run was not made; this test shows little")
	}
	tablesAreTame(t, dir, "bad"+evil+"/100"+evil+".png")
}

// tablesAreTame: no table below dir has what a terminal obeys, and the tables of scores name an image as it is called.
func tablesAreTame(t *testing.T, dir, image string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".csv" {
			return err
		}
		text := readText(t, path)
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) || strings.Contains(text, "\nmsflow") {
			t.Errorf("%q holds %q", path, text)
		}
		if filepath.Base(path) != "scores.csv" {
			return nil
		}
		for _, row := range readCSV(t, path) {
			if name, err := strconv.Unquote(row[0]); err == nil && strings.HasSuffix(name, image) {
				found++
			}
		}
		return nil
	})
	if err != nil || found != 2 { // of eval and of predict
		t.Errorf("%d tables name %q, %v", found, image, err)
	}
}

// TestAMisspeltFlagIsGuessed, in all commands, and one that is like no other is not.
func TestAMisspeltFlagIsGuessed(t *testing.T) {
	book := stored(t, "n := 1")
	for want, args := range map[string][]string{
		"unknown flag: --noice; is --noise meant?":            {"train", "--noice", "1"},
		"unknown flag: --treshold; is --threshold meant?":     {"predict", "x", "y", "--treshold=1"},
		"unknown flag: --outptu; is --output meant?":          {"run", book, "--outptu", "x.ipynb"},
		"unknown flag: --zzzzzz (--help lists the flags)":     {"eval", "x", "--zzzzzz"},
		"unknown flag: --dataest; is --dataset meant?":        {"data", "check", "--dataest", "x"},
		"unknown command \"trian\" for \"msflow\"\n\nDid you": {"trian"},
	} {
		refuse(t, []string{want}, args...)
	}
}

// TestNoMessageNamesAFlagThatThereIsNot: eval and predict read images as the training did, and have no --levels and no --exif.
func TestNoMessageNamesAFlagThatThereIsNot(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		folder := "good"
		if i > 9 {
			folder = "bad"
		}
		m := image.NewGray16(image.Rect(0, 0, 64, 64))
		for p := range 64 * 64 {
			m.SetGray16(p%64, p/64, color.Gray16{uint16(1000 + 37*(p*(i+3)%61) + i)})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, folder, fmt.Sprintf("%d.png", i)), b.String())
	}
	run := filepath.Join(t.TempDir(), "run")
	_, log, code := msflow(t, "train", "--data", dir, "--size", "64", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8", "--out", run)
	if code != 0 || !strings.Contains(log, "--levels sets them") {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	for _, args := range [][]string{{"eval", run, "--maps=false", "--rows", "0"}, {"predict", run, dir, "--maps=false", "--out", filepath.Join(t.TempDir(), "p")}} {
		_, log, code := msflow(t, args...)
		if code != 0 || !strings.Contains(log, "16-bit samples; they are read with 4096 levels, as the training images were") || strings.Contains(log, "--levels") {
			t.Errorf("%s: exit code %d\n%s", args[0], code, log)
		}
	}
}

// TestWorstSaysHowManyAreWrong: of few images the panels show rightly judged ones, too.
func TestWorstSaysHowManyAreWrong(t *testing.T) {
	r := &detector.Result{Images: []detector.Prediction{{Score: 1}, {Score: 3}, {Score: 2}}}
	r.Images[1].Anomalous, r.Images[2].Anomalous = true, true
	for threshold, want := range map[float64]string{
		1.5: "All 3 test images are judged rightly; these come closest to an error",
		2.5: "Worst verdicts: 1 of 3 test images are judged wrongly",
		0.5: "Worst verdicts: 1 of 3 test images are judged wrongly",
	} {
		r.DetThreshold = threshold
		if got := worstTitle(r); got != want {
			t.Errorf("at %v: %q, want %q", threshold, got, want)
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
