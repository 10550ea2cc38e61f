package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/durable"
	"github.com/spf13/cobra"
)

// A run's folder holds everything about one training:
//
//	run.json                 the settings, and the data by name and content
//	detector.safetensors     the trained detector
//	checkpoint.safetensors   where the training stands, to resume it
//	log.jsonl                one line per epoch, with times
//	training.{png,svg,csv}   the curves
//	best_epoch.json          the test figures of each judged epoch, with --judge-every
//	eval/                    metrics.json, scores.csv, figures, maps
//	next/                    until its first checkpoint, the run that is to replace this one
//
// All of them carry the run's id, and files of different runs are not used together.
type runFolder string

func (r runFolder) file(name string) string { return filepath.Join(string(r), name) }
func (r runFolder) detector() string        { return r.file("detector.safetensors") }
func (r runFolder) checkpoint() string      { return r.file("checkpoint.safetensors") }
func (r runFolder) info() string            { return r.file("run.json") }
func (r runFolder) next() runFolder         { return runFolder(r.file("next")) }

// runInfo is run.json.
type runInfo struct {
	Run     string             `json:"run"` // the id: equal settings on equal data have the same
	Program string             `json:"program"`
	Flags   flagValues         `json:"flags"`
	Given   []string           `json:"given"`          // the flags that the command line named
	Data    *datasets.Division `json:"data,omitempty"` // nil for an imported run
	HeldOut []string           `json:"held_out,omitempty"`
	SHA256  string             `json:"sha256"` // of all this
}

func (i *runInfo) seal() *string { return &i.SHA256 }

// newInfo describes the run that cmd makes in a folder of these data.
func newInfo(cmd *cobra.Command, folder runFolder, data *datasets.Division) (*runInfo, error) {
	info := &runInfo{Program: "msflow " + version(), Data: data}
	info.Flags, info.Given = keepFlags(cmd, folder)
	text, err := json.Marshal([]any{info.Flags.settings(cmd), data})
	if err != nil {
		return nil, fmt.Errorf("describing the run: %w", err)
	}
	sum := sha256.Sum256(text)
	info.Run = hex.EncodeToString(sum[:8])
	return info, nil
}

// lock makes the folder this process's own until release is called, and finishes what a killed process had begun there.
func (r runFolder) lock(command string) (release func(), err error) {
	if r == "" {
		return nil, errors.New("the run's folder has no name")
	}
	if release, err = lockFolder(string(r), command); err != nil {
		return nil, err
	}
	if err := r.settle(); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// begin makes sure that the folder is free for a new training: one that holds a run already is left alone.
func (r runFolder) begin() error {
	for _, f := range []string{r.checkpoint(), r.detector()} {
		if exists(f) {
			return fmt.Errorf("%s exists; --resume continues that training, --overwrite replaces it", f)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// ofRun are the files and folders of a run, in the order in which settle brings new ones.
var ofRun = []string{"run.json", "log.jsonl", "best_epoch.json", "training.png", "training.svg", "training.csv", "eval", "detector.safetensors", "checkpoint.safetensors"}

// settle puts the run in next into this one's place if it has its first checkpoint, or its detector where the model has no
// checkpoints, and removes it otherwise. It can be stopped anywhere and called again: while next has such a file and its
// run.json nothing has been brought over, and the old files may go; then run.json comes first and that file last.
func (r runFolder) settle() error {
	next := r.next()
	if !exists(next.checkpoint()) && !exists(next.detector()) {
		return os.RemoveAll(string(next))
	}
	if exists(next.info()) {
		for _, name := range ofRun[1:] {
			if err := os.RemoveAll(r.file(name)); err != nil {
				return fmt.Errorf("replacing the run: %w", err)
			}
		}
	}
	for _, name := range ofRun {
		if !exists(next.file(name)) {
			continue
		}
		if err := durable.Rename(next.file(name), r.file(name)); err != nil {
			return fmt.Errorf("replacing the run: %w", err)
		}
	}
	return os.RemoveAll(string(next))
}

func (r runFolder) writeInfo(info *runInfo) error { return writeSealed(r.info(), info) }

func (r runFolder) readInfo() (*runInfo, error) {
	var info runInfo
	err := readSealed(r.info(), &info)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a run's folder: it has no run.json (msflow train --out %s makes one)", r, shellQuote(string(r)))
	}
	if err != nil {
		return nil, fmt.Errorf("the run: %w", err)
	}
	return &info, nil
}

// load loads the run's detector, which must be that of its run.json.
func (r runFolder) load(info *runInfo, weights string) (*detector.Detector, error) {
	if !exists(r.detector()) && exists(r.checkpoint()) {
		return nil, fmt.Errorf("the training in %s has not ended; msflow train --out %s --resume continues it", r, shellQuote(string(r)))
	}
	if weights == "" {
		weights = r.absolute(info.Flags["weights"])
	}
	d, err := detector.Load(r.detector(), weights)
	if err != nil {
		return nil, err
	}
	if d.Run != info.Run {
		return nil, fmt.Errorf("%s is of the run %s and %s of the run %s; they do not belong together", r.detector(), named(d.Run), r.info(), info.Run)
	}
	return d, nil
}

func named(run string) string {
	if run == "" {
		return "without a name"
	}
	return run
}

// writeJSON writes v to path in whole or not at all.
func writeJSON(path string, v any) error {
	return writeFile(path, func(f io.Writer) error {
		enc := json.NewEncoder(f)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// writeFile writes path in whole or not at all, and its folder if there is none.
func writeFile(path string, fill func(w io.Writer) error) error {
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return durable.Write(path, 0o644, fill)
}
