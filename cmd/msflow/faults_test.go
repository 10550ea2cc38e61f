package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
)

// The campaign of faults: processes killed at random moments, a full disk, two processes in one folder, flipped bytes.
// Whatever happens, the next command comes to the very bytes of an undisturbed one or says what is wrong. bench/faults.sh
// runs it at full length and keeps its table; MSFLOW_SLOW alone runs a short form.

// asProgram makes the test binary be msflow.
const asProgram = "MSFLOW_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// times is how often a fault is tried.
func times(t *testing.T, variable string, short int) int {
	t.Helper()
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to run the campaign of faults")
	}
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return short
}

// report adds a line to the campaign's table.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	if path := os.Getenv("MSFLOW_FAULTS"); path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fmt.Fprintln(f, line)
	}
}

// killed is the exit code of a process that a signal has ended.
const killed = -1

// hang is how long a command of the campaign may take, far beyond what it needs.
const hang = 10 * time.Minute

// process starts msflow in a process of its own and waits for it; kill > 0 ends it after that time, without warning.
func process(t *testing.T, kill time.Duration, args ...string) (log string, code int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := hang
	if kill > 0 {
		limit = kill
	}
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !timer.Stop() && kill == 0 {
		t.Fatalf("msflow %s hangs", strings.Join(args, " "))
	}
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "a mistake inside msflow") || strings.Contains(out.String(), "goroutine ") {
		t.Fatalf("msflow %s panics:\n%s", strings.Join(args, " "), out.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// works runs msflow in a process of its own, which has to succeed, and says how long it took.
func works(t *testing.T, args ...string) time.Duration {
	t.Helper()
	begin := time.Now()
	if log, code := process(t, 0, args...); code != 0 {
		t.Fatalf("msflow %s: exit code %d\n%s", strings.Join(args, " "), code, log)
	}
	return time.Since(begin)
}

var faulty = []string{"--dataset", "synthetic", "--size", "64", "--counts", "8,4,4", "--epochs", "4", "--lr", "1e-3", "--blocks", "1,1,1",
	"--cond", "8", "--seed", "3", "--hold-out", "0.25", "--judge-every", "2"}

// trainAgain continues a training that was killed, or begins it where there is nothing to continue.
func trainAgain(t *testing.T, folder string) {
	t.Helper()
	if runs.Exists(runs.Folder(folder).Checkpoint()) {
		works(t, "train", "--out", folder, "--resume")
		return
	}
	works(t, append([]string{"train", "--out", folder}, faulty...)...)
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestFaultsFlip changes one byte of each file that a run is read from, and looks that the difference is refused or is
// none.
func TestFaultsFlip(t *testing.T) {
	n := times(t, "MSFLOW_FLIPS", 12)
	random := rand.New(rand.NewPCG(7, 2))
	dir := t.TempDir()
	t.Chdir(dir)
	writePictures(t, "data/good", 0, 12)
	writePictures(t, "data/bad", 100, 103)
	must(t, "train", "--dataset", "folder", "--data", "data", "--size", "64", "--epochs", "2", "--blocks", "1,1,1", "--cond", "8", "--out", "ref")
	must(t, "eval", "ref", "--maps=false", "--rows", "0")
	want := content(t, "ref")
	info, err := runs.Folder("ref").ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join("data", info.Data.Test[0].Name)
	for _, c := range []struct {
		file string
		args []string
	}{
		{"ref/run.json", []string{"train", "--out", "ref", "--resume"}},
		{"ref/checkpoint.safetensors", []string{"train", "--out", "ref", "--resume"}},
		{"ref/log.jsonl", []string{"train", "--out", "ref", "--resume"}},
		{"ref/detector.safetensors", []string{"eval", "ref", "--maps=false", "--rows", "0"}},
		{image, []string{"eval", "ref", "--maps=false", "--rows", "0"}},
		{"ref/eval/metrics.json", []string{"predict", "ref", "data/bad", "--out", "p", "--overwrite", "--maps=false"}},
	} {
		whole := []byte(readText(t, c.file))
		must(t, "predict", "ref", "data/bad", "--out", "p", "--overwrite", "--maps=false")
		scores := readText(t, "p/scores.csv")
		refused := 0
		for range n {
			broken := bytes.Clone(whole)
			at, flip := random.IntN(len(broken)), byte(1+random.IntN(255))
			broken[at] ^= flip
			put(t, c.file, string(broken))
			_, log, code := msflow(t, c.args...)
			if strings.Contains(log, "a mistake inside msflow") {
				t.Fatalf("%s, byte %d ^ %#x: panic\n%s", c.file, at, flip, log)
			}
			if code != 0 {
				refused++
				if len(log) == 0 {
					t.Errorf("%s, byte %d ^ %#x: refused without a word", c.file, at, flip)
				}
			}
			put(t, c.file, string(whole))
			now := content(t, "ref")
			if _, gone := now["eval/metrics.json"]; code != 0 && !gone {
				must(t, "eval", "ref", "--maps=false", "--rows", "0")
				now = content(t, "ref")
			}
			sameContent(t, fmt.Sprintf("%s, byte %d ^ %#x, exit code %d", c.file, at, flip, code), want, now)
			if code == 0 && c.args[0] == "predict" && readText(t, "p/scores.csv") != scores {
				t.Errorf("%s, byte %d ^ %#x: other verdicts", c.file, at, flip)
			}
			if t.Failed() {
				return
			}
		}
		report(t, "| flipped bytes in %s | %d | %d refused, %d made no difference |", strings.TrimPrefix(filepath.ToSlash(c.file), "ref/"), n, refused, n-refused)
	}
}

// TestFaultsDisk trains and tests on disks of all sizes up to enough, and on one that cannot be written.
func TestFaultsDisk(t *testing.T) {
	n := times(t, "MSFLOW_DISKS", 6)
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("mounting a small disk needs root on Linux")
	}
	dir := t.TempDir()
	ref, disk := filepath.Join(dir, "reference"), filepath.Join(dir, "disk")
	works(t, append([]string{"train", "--out", ref}, faulty...)...)
	works(t, "eval", ref, "--rows", "2", "--raw")
	want := content(t, ref)
	need := int64(0)
	err := filepath.WalkDir(ref, func(_ string, e fs.DirEntry, err error) error {
		if err == nil {
			info, _ := e.Info()
			need += (info.Size() + 8191) &^ 4095
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	mount := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
			t.Skipf("mount %v: %v\n%s", args, err, out)
		}
	}
	full := 0
	for i := range n {
		mount("-t", "tmpfs", "-o", fmt.Sprintf("size=%d", 8192+need*int64(i)/int64(n)), "none", disk)
		func() {
			defer exec.Command("umount", disk).Run()
			folder := filepath.Join(disk, "run")
			log, code := process(t, 0, append([]string{"train", "--out", folder}, faulty...)...)
			if code == 0 {
				log, code = process(t, 0, "eval", folder, "--rows", "2", "--raw")
			}
			if code != 0 {
				full++
				if !strings.Contains(log, "no space left") {
					t.Errorf("a full disk is not named:\n%s", log)
				}
			}
			mount("-o", "remount,ro", disk)
			if log, code := process(t, 0, "eval", folder); code != exitError || !strings.Contains(log, "read-only") && !strings.Contains(log, "run.json") {
				t.Errorf("a read-only disk: exit code %d\n%s", code, log)
			}
			mount("-o", fmt.Sprintf("remount,rw,size=%d", 4*need), disk)
			trainAgain(t, folder)
			works(t, "eval", folder, "--rows", "2", "--raw")
			sameContent(t, "after a full disk", want, content(t, folder))
		}()
	}
	report(t, "| disk full, then read-only | %d sizes, %d too small | named; with space again identical bytes |", n, full)
}

// TestFaultsTwo starts two processes at once in one folder.
func TestFaultsTwo(t *testing.T) {
	n := times(t, "MSFLOW_PAIRS", 3)
	dir := t.TempDir()
	ref := filepath.Join(dir, "reference")
	works(t, append([]string{"train", "--out", ref}, faulty...)...)
	want := content(t, ref)
	for i := range n {
		folder := filepath.Join(dir, fmt.Sprint(i))
		second := make(chan string)
		train := append([]string{"train", "--out", folder}, faulty...)
		go func() {
			log, code := process(t, 0, train...)
			second <- fmt.Sprint(code, " ", log)
		}()
		log, code := process(t, 0, train...)
		outcomes := []string{fmt.Sprint(code, " ", log), <-second}
		won, told := 0, 0
		for _, o := range outcomes {
			if strings.HasPrefix(o, "0 ") {
				won++
			}
			if strings.Contains(o, "is in use by msflow train (process") || strings.Contains(o, "--overwrite replaces it") {
				told++
			}
		}
		if won != 1 || told != 1 {
			t.Errorf("of two trainings %d succeeded and %d were told:\n%s", won, told, strings.Join(outcomes, "\n"))
		}
		sameContent(t, "two processes", want, content(t, folder))
	}
	report(t, "| two processes at once | %d pairs | one works, the other is told who has the folder |", n)
}
