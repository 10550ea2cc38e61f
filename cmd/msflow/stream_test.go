package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/msflow-go/msflow/datasets"
)

// watching starts msflow predict --watch in a process of its own.
func watching(t *testing.T, printed *bytes.Buffer, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"predict", "--json"}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdout, cmd.Stderr = printed, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// resultLines are the whole lines of results.jsonl by image. An image that was scored twice is an error.
func resultLines(t *testing.T, out string) map[string]streamRow {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(out, "results.jsonl"))
	if err != nil {
		return nil
	}
	rows, _, err := readJSONLines[streamRow](bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]streamRow{}
	for _, row := range rows {
		name := filepath.Base(row.Name)
		if _, twice := lines[name]; twice {
			t.Errorf("%s was scored twice", name)
		}
		lines[name] = row
	}
	return lines
}

// awaitLines waits until n images have results.
func awaitLines(t *testing.T, out string, n int) map[string]streamRow {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if lines := resultLines(t, out); len(lines) >= n {
			return lines
		}
		if time.Since(begin) > hang {
			t.Fatalf("no %d results came", n)
		}
	}
}

// A watch that is killed again and again scores every image once, loses no result that it told of, and waits for a file
// that is still being written.
func TestWatchLosesNothingWhenKilled(t *testing.T) {
	run, dir, out := smallRun(t, "--epochs", "1"), t.TempDir(), filepath.Join(t.TempDir(), "out")
	whole := filepath.Join(t.TempDir(), "late.png")
	writeNoise(t, whole, 99, 0)
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	finish := writeSlowly(t, filepath.Join(dir, "late.png"), string(content))
	var printed bytes.Buffer
	images := 0
	for round := range 3 {
		cmd := watching(t, &printed, run, "--watch", dir, "--out", out)
		for range 7 {
			writeNoise(t, filepath.Join(dir, fmt.Sprintf("sub%d", images%2), fmt.Sprintf("%d.png", images)), uint32(images), 0)
			images++
		}
		awaitLines(t, out, images-5+2*round) // and the rest meets the kill
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	cut, err := os.OpenFile(filepath.Join(out, "results.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(cut, `{"name":"a line that a kill`)
	cut.Close()
	cmd := watching(t, &printed, run, "--watch", dir, "--out", out)
	awaitLines(t, out, images)
	finish()
	lines := awaitLines(t, out, images+1)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("a watch that is stopped ends with %v", err)
	}
	if lines["late.png"].Error != "" || len(lines) != images+1 {
		t.Errorf("%d results; the late image: %+v", len(lines), lines["late.png"])
	}
	checkTold(t, printed.String(), lines)
	checkFiles(t, lines)
}

// writeSlowly writes the first half of a file, more and less of it, until finish writes the whole.
func writeSlowly(t *testing.T, path, content string) (finish func()) {
	t.Helper()
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for k := 0; ; k++ {
			os.WriteFile(path, []byte(content[:len(content)/2+k%2]), 0o666)
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
		put(t, path, content)
	}
}

// checkTold: what was printed is in the file.
func checkTold(t *testing.T, printed string, lines map[string]streamRow) {
	t.Helper()
	for line := range strings.Lines(printed) {
		var row streamRow
		if !strings.HasSuffix(line, "}\n") {
			continue // cut by a kill
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			continue // the rest of a line that was cut and the next one
		}
		if kept := lines[filepath.Base(row.Name)]; (kept.Score == nil) != (row.Score == nil) || kept.Score != nil && *kept.Score != *row.Score || kept.Verdict == "" || (kept.Verdict == "failed") != (kept.Score == nil) {
			t.Errorf("%s was told with the score %v and kept with %v", row.Name, row.Score, kept.Score)
		}
	}
}

// checkFiles: a line's files are there, and no two lines have the same.
func checkFiles(t *testing.T, lines map[string]streamRow) {
	t.Helper()
	seen := map[string]bool{}
	for name, row := range lines {
		base := strings.TrimSuffix(row.Map, ".npy")
		for _, path := range []string{row.Map, row.Mask, base + "_map.png", base + "_overlay.png"} {
			if info, err := os.Stat(path); err != nil || info.Size() == 0 || seen[path] {
				t.Errorf("%s: file %q (seen: %v): %v", name, path, seen[path], err)
			}
			seen[path] = true
		}
	}
}

// Paths on standard input are scored as they come; bad ones are named and cost only themselves.
func TestPathsOnStandardInput(t *testing.T) {
	run, dir, out := smallRun(t, "--epochs", "1"), t.TempDir(), filepath.Join(t.TempDir(), "out")
	var list strings.Builder
	for i := range 11 {
		path := filepath.Join(dir, fmt.Sprint(i), "same.png")
		writeNoise(t, path, uint32(i), 0)
		fmt.Fprintln(&list, path)
	}
	fmt.Fprint(&list, filepath.Join(dir, "none.png"), "\n\n")
	stdin := os.Stdin
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdin = read
	defer func() { os.Stdin = stdin }()
	go func() {
		_, _ = write.WriteString(list.String())
		write.Close()
	}()
	printed, log, code := msflow(t, "predict", run, "-", "--out", out, "--json")
	if code != exitError || !strings.Contains(log, "1 images failed") || !strings.Contains(log, "none.png") {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	rows, _, err := readJSONLines[streamRow](strings.NewReader(printed))
	if err != nil || len(rows) != 12 {
		t.Fatalf("%d lines, %v", len(rows), err)
	}
	bases := map[string]bool{}
	for i, row := range rows {
		if failed := strings.HasSuffix(row.Name, "none.png"); failed != (row.Error != "") || failed != (row.Verdict == "failed") || bases[row.Base] {
			t.Errorf("line %d is %+v", i, row)
		}
		bases[row.Base] = true
	}
	if printed != readText(t, filepath.Join(out, "results.jsonl")) {
		t.Error("the lines that are printed are not those of results.jsonl")
	}
	if text := readText(t, filepath.Join(out, "drift.json")); !strings.Contains(text, `"images": 11`) {
		t.Error(text)
	}
	refuse(t, []string{"holds the watched folder"}, "predict", run, "--watch", dir, "--out", dir)
	refuse(t, []string{"--watch names"}, "predict", run, dir, "--watch", dir)
	put(t, filepath.Join(out, "results.jsonl"), "no result\n")
	refuse(t, []string{"results.jsonl", "line 1"}, "predict", run, "-", "--out", out)
}

// Frames of a film are scored as they come, as the same pictures in files are; a film that goes on is counted on.
func TestFrames(t *testing.T) {
	run, dir, out := smallRun(t, "--epochs", "1"), t.TempDir(), filepath.Join(t.TempDir(), "out")
	var film, raw bytes.Buffer
	var paths []string
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprintf("%d.png", i))
		writeNoise(t, path, uint32(i), 0)
		film.WriteString(readText(t, path))
		paths = append(paths, path)
	}
	must(t, append([]string{"predict", run, "--out", filepath.Join(dir, "files"), "--maps=false"}, paths...)...)
	want := readCSV(t, filepath.Join(dir, "files", "scores.csv"))[1:]
	file := filepath.Join(dir, "film")
	put(t, file, film.String())
	for range 2 {
		must(t, "predict", run, "--frames", file, "--out", out, "--json", "--maps=false")
	}
	lines := resultLines(t, out)
	if len(lines) != 6 {
		t.Fatalf("%d frames have results", len(lines))
	}
	for i := range 6 {
		row, ok := lines[fmt.Sprintf("frame-%06d", i+1)]
		if !ok || fmt.Sprint(*row.Score) != want[i%3][1] {
			t.Errorf("frame %d: %+v, and the file's line is %v", i+1, row, want[i%3])
		}
	}
	picture, _, err := datasets.Files(paths[0])[0].Load(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw.Write(picture.Pix)
	put(t, file, raw.String())
	size := fmt.Sprintf("%dx%d", picture.W, picture.H)
	must(t, "predict", run, "--frames", file, "--frame-size", size, "--out", out, "--maps=false")
	if row := resultLines(t, out)["frame-000007"]; fmt.Sprint(*row.Score) != want[0][1] {
		t.Errorf("the frame of pixels is %+v", row)
	}
	put(t, file, film.String()[:film.Len()-9])
	refuse(t, []string{"frame 3", "ends inside"}, "predict", run, "--frames", file, "--out", filepath.Join(dir, "cut"), "--maps=false")
	if n := len(resultLines(t, filepath.Join(dir, "cut"))); n != 2 {
		t.Errorf("%d whole frames of a film that is cut have results", n)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"ended before its first frame"}, "predict", run, "--frames", empty, "--out", filepath.Join(dir, "none"))
	refuse(t, []string{"--frame-size 0x4"}, "predict", run, "--frames", file, "--frame-size", "0x4")
	refuse(t, []string{"--frames brings"}, "predict", run, paths[0], "--frames", file)
}
