package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/kernel/notebook"
)

// victim is a command of the campaign that is killed at random moments.
type victim struct {
	what  string
	begin func(folder string)          // lays out what is there before
	args  func(folder string) []string // the command
	again func(folder string)          // what a user does after it was killed
	same  func(folder string)          // compares what has come of it with an undisturbed run
	took  time.Duration                // of the last run that was not disturbed

	kills, late, halfway int
}

// longerEpochs are more than those of faulty.
const longerEpochs = "6"

// TestFaultsKill kills train, train --resume with and without more --epochs, train --overwrite, eval, predict and run at random
// moments. A kill counts only if it struck the running process; one that came too late is drawn again.
func TestFaultsKill(t *testing.T) {
	n := times(t, "MSFLOW_KILLS", 12)
	k := &killing{t: t, random: rand.New(rand.NewPCG(7, 1)), dir: t.TempDir()}
	k.prepare()
	victims := k.victims()
	for i := range n {
		v := victims[i%len(victims)]
		folder := k.at(fmt.Sprint(i))
		if i%(5*len(victims)) < len(victims) { // what else the machine does makes commands longer and shorter
			v.begin(folder)
			v.took = works(t, v.args(folder)...)
		}
		before, after := k.kill(v, folder)
		left := k.content(folder)
		v.again(folder)
		v.same(folder)
		if t.Failed() {
			t.Fatalf("after %d kills, this one of %s after %v", i+1, v.what, after)
		}
		if !maps.Equal(left, before) && !maps.Equal(left, k.content(folder)) {
			v.halfway++
		}
		os.RemoveAll(folder)
	}
	for _, v := range victims {
		report(t, "| kill -9 of %s | %d, %d of them between its first and its last change of a file | the next command comes to identical bytes |",
			v.what, v.kills, v.halfway)
		t.Logf("%s takes %v; %d kills came too late and were drawn again", v.what, v.took.Round(time.Millisecond), v.late)
	}
}

// kill starts the command and kills it, until it was struck while it ran. It gives what was there before, and the moment.
func (k *killing) kill(v *victim, folder string) (before map[string]string, after time.Duration) {
	for range 50 {
		v.begin(folder)
		before = k.content(folder)
		after = 1 + time.Duration(k.random.Float64()*float64(v.took))
		begin := time.Now()
		if _, code := process(k.t, after, v.args(folder)...); code == killed {
			v.kills++
			return before, after
		}
		v.late, v.took = v.late+1, time.Since(begin)
	}
	k.t.Fatalf("no kill strikes %s", v.what)
	return nil, 0
}

// killing holds what the victims are compared with.
type killing struct {
	t      *testing.T
	random *rand.Rand
	dir    string
	images string // the reference's test images

	trained, other, longer, tested, guessed, ran map[string]string // the contents of undisturbed folders
}

func (k *killing) at(name string) string { return filepath.Join(k.dir, name) }

func (k *killing) train(folder string) []string {
	return append([]string{"train", "--out", folder}, faulty...)
}

func (k *killing) replace(folder string) []string {
	return append(k.train(folder), "--seed", "4", "--overwrite")
}

func (k *killing) resume(folder string) []string {
	return []string{"train", "--out", folder, "--resume"}
}

func (k *killing) lengthen(folder string) []string {
	return append(k.resume(folder), "--epochs", longerEpochs)
}

func (k *killing) eval(folder string) []string {
	return []string{"eval", folder, "--rows", "2", "--raw"}
}

func (k *killing) predict(folder string) []string {
	return []string{"predict", k.at("reference"), k.images, "--out", folder, "--overwrite"}
}

func (k *killing) run(folder string) []string {
	return []string{"run", filepath.Join(folder, "in.ipynb"), "-o", filepath.Join(folder, "out.ipynb"), "--html"}
}

// prepare does everything once without disturbance, and leaves a training that was killed after its first checkpoint.
func (k *killing) prepare() {
	t := k.t
	works(t, k.train(k.at("reference"))...)
	k.trained = k.content(k.at("reference"))
	works(t, k.replace(k.at("other"))...)
	k.other = k.content(k.at("other"))
	copyFolder(t, k.at("reference"), k.at("longer"))
	works(t, k.lengthen(k.at("longer"))...)
	k.longer = k.content(k.at("longer"))
	works(t, k.eval(k.at("reference"))...)
	k.tested = k.content(k.at("reference"))
	k.images = exportTestImages(t, k.at("reference"))
	works(t, k.predict(k.at("guessed"))...)
	k.guessed = k.guesses(k.at("guessed"))
	k.writeNotebook(k.at("ran"))
	works(t, k.run(k.at("ran"))...)
	k.ran = k.timeless(k.at("ran"))
	for stopped := k.at("stopped"); !k.keepStopped(stopped); {
		os.RemoveAll(stopped)
		process(t, time.Duration(k.random.Float64()*float64(2*time.Second)), k.train(stopped)...)
	}
}

// keepStopped tells whether a training was killed after its first checkpoint. If so it becomes the one that is resumed.
func (k *killing) keepStopped(folder string) bool {
	if !runs.Exists(runs.Folder(folder).Checkpoint()) || runs.Exists(runs.Folder(folder).Detector()) {
		return false
	}
	if stopped := k.at("stopped"); folder != stopped {
		os.RemoveAll(stopped)
		copyFolder(k.t, folder, stopped)
	}
	return true
}

func (k *killing) victims() []*victim {
	nothing := func(folder string) { os.RemoveAll(folder) }
	copyOf := func(from string) func(string) {
		return func(folder string) { os.RemoveAll(folder); copyFolder(k.t, k.at(from), folder) }
	}
	do := func(args func(string) []string) func(string) {
		return func(folder string) { works(k.t, args(folder)...) }
	}
	equals := func(want map[string]string) func(string) {
		return func(folder string) { sameContent(k.t, "the folder", want, k.content(folder)) }
	}
	return []*victim{
		{what: "train", begin: nothing, args: k.train, same: equals(k.trained),
			again: func(folder string) { k.keepStopped(folder); trainAgain(k.t, folder) }},
		{what: "train --resume", begin: copyOf("stopped"), args: k.resume, again: do(k.resume), same: equals(k.trained)},
		{what: "train --overwrite", begin: copyOf("reference"), args: k.replace, again: do(k.resume), same: k.oldOrNew},
		{what: "train --resume --epochs", begin: copyOf("reference"), args: k.lengthen, again: do(k.lengthen), same: equals(k.longer)},
		{what: "eval", begin: copyOf("reference"), args: k.eval, again: do(k.eval), same: equals(k.tested)},
		{what: "predict", begin: nothing, args: k.predict, again: do(k.predict),
			same: func(folder string) { sameContent(k.t, "predictions", k.guessed, k.guesses(folder)) }},
		{what: "run", begin: k.writeNotebook, args: k.run,
			again: func(folder string) { k.isBegun(folder); works(k.t, k.run(folder)...) },
			same:  func(folder string) { sameContent(k.t, "the notebook", k.ran, k.timeless(folder)) }},
	}
}

// oldOrNew expects the run that was there as it was, or the one that replaces it.
func (k *killing) oldOrNew(folder string) {
	info, err := runs.Folder(folder).ReadInfo()
	if err != nil {
		k.t.Fatal(err)
	}
	want := k.tested
	if info.Flags["seed"] == "4" {
		want = k.other
	}
	sameContent(k.t, "the run of seed "+info.Flags["seed"], want, k.content(folder))
}

// content is what is in a folder, which may not be there yet.
func (k *killing) content(folder string) map[string]string {
	if !runs.Exists(folder) {
		return nil
	}
	return content(k.t, folder)
}

// created is when a list of defects was made.
var created = regexp.MustCompile(`"(date_created)": [^,\n]*`)

// guesses is what predict wrote, without the folder's own name and the time.
func (k *killing) guesses(folder string) map[string]string {
	all := k.content(folder)
	for name := range all {
		all[name] = created.ReplaceAllString(strings.ReplaceAll(all[name], folder, "OUT"), `"$1": 0`)
	}
	return all
}

// cellsOfNotebook take about as long as a command of the campaign, together.
const cellsOfNotebook = 8

func (k *killing) writeNotebook(folder string) {
	os.RemoveAll(folder)
	var cells []*notebook.Cell
	for i := range cellsOfNotebook {
		cells = append(cells, notebook.NewCode(fmt.Sprintf("s%d := 0\nfor i := range 2_000_000 {\n\ts%d += i %% %d\n}\nfmt.Println(s%d)", i, i, i+2, i)))
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		k.t.Fatal(err)
	}
	if err := notebook.New(cells...).Write(filepath.Join(folder, "in.ipynb")); err != nil {
		k.t.Fatal(err)
	}
}

// timeless is a notebook's folder without the times in the notebook.
func (k *killing) timeless(folder string) map[string]string {
	all := k.content(folder)
	all["out.ipynb"] = regexp.MustCompile(`"(started|seconds)": [^,\n]*`).ReplaceAllString(all["out.ipynb"], `"$1": 0`)
	return all
}

// isBegun expects the notebook of a killed run to be none, or whole and with the outputs of its first cells. An unfinished
// file is made old, so that the next run knows that nobody writes it.
func (k *killing) isBegun(folder string) {
	parts, err := filepath.Glob(filepath.Join(folder, ".*.part"))
	for _, part := range parts {
		err = errors.Join(err, os.Chtimes(part, time.Time{}, time.Now().Add(-time.Hour)))
	}
	if err != nil {
		k.t.Fatal(err)
	}
	path := filepath.Join(folder, "out.ipynb")
	if !runs.Exists(path) {
		return
	}
	n, err := notebook.Read(path)
	if err != nil {
		k.t.Fatalf("a killed run left a notebook that cannot be read: %v", err)
	}
	all, err := notebook.Parse([]byte(k.ran["out.ipynb"]))
	if err != nil {
		k.t.Fatal(err)
	}
	for i, c := range n.Cells {
		got, _ := json.Marshal(c.Outputs)
		want, _ := json.Marshal(all.Cells[i].Outputs)
		if c.Count > 0 && string(got) != string(want) || c.Count == 0 && i < 1 {
			k.t.Fatalf("a killed run left cell %d with %s, not %s", i+1, got, want)
		}
	}
}
