// Package runs keeps a run's folder: its files by name, its lock, its settings with their checksum, and its log.
package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/seal"
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
type Folder string

func (r Folder) File(name string) string { return filepath.Join(string(r), name) }
func (r Folder) Detector() string        { return r.File("detector.safetensors") }
func (r Folder) Checkpoint() string      { return r.File("checkpoint.safetensors") }
func (r Folder) InfoFile() string        { return r.File("run.json") }
func (r Folder) Next() Folder            { return Folder(r.File("next")) }

// Info is run.json.
type Info struct {
	Run     string             `json:"run"` // the id: equal settings on equal data have the same
	Program string             `json:"program"`
	Flags   map[string]string  `json:"flags"`
	Given   []string           `json:"given"`          // the flags that the command line named
	Data    *datasets.Division `json:"data,omitempty"` // nil for an imported run
	HeldOut []string           `json:"held_out,omitempty"`
	Former  []Former           `json:"goes_on_from,omitempty"` // the runs whose training this one goes on with, the latest last
	SHA256  string             `json:"sha256"`                 // of all this
}

func (i *Info) Seal() *string { return &i.SHA256 }

// Former is a run that was given more epochs, and so became another.
type Former struct {
	Run        string `json:"run"`
	Epochs     string `json:"epochs"`            // that it was to have
	Checkpoint string `json:"checkpoint_sha256"` // where it stood
}

// Lock makes the folder this process's own until release is called, and finishes what a killed process had begun there.
func (r Folder) Lock(command string) (release func(), err error) {
	if r == "" {
		return nil, errors.New("the run's folder has no name")
	}
	if release, err = Lock(string(r), command); err != nil {
		return nil, err
	}
	if err := r.Settle(); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// Begin makes sure that the folder is free for a new training: one that holds a run already is left alone.
func (r Folder) Begin() error {
	for _, f := range []string{r.Checkpoint(), r.Detector()} {
		if Exists(f) {
			return fmt.Errorf("%s exists; --resume continues that training, --overwrite replaces it", f)
		}
	}
	return r.Foreign()
}

// Foreign refuses a folder that holds no run but files and folders of the names that a run's have: a training would replace them.
func (r Folder) Foreign() error {
	if Exists(r.Checkpoint()) || Exists(r.Detector()) {
		return nil
	}
	if Exists(r.InfoFile()) {
		if _, err := r.ReadInfo(); err != nil {
			return fmt.Errorf("%s is in the way, and is no run's: %w", r.InfoFile(), err)
		}
		return nil
	}
	if err := notInARun(string(r)); err != nil {
		return err
	}
	for _, name := range append(slices.Clone(Files), "next") {
		if Exists(r.File(name)) {
			return fmt.Errorf("%s is in the way: it is of no run, and a training would replace it; --out names another folder", r.File(name))
		}
	}
	return nil
}

// notInARun refuses a folder that is one of a run's own.
func notInARun(dir string) error {
	full, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	around := Folder(filepath.Dir(full))
	if name := filepath.Base(full); (name == "next" || slices.Contains(Files, name)) && Exists(around.InfoFile()) {
		return fmt.Errorf("%s is a part of the run in %s; --out names another folder", dir, around)
	}
	return nil
}

func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Files are the files and folders of a run, in the order in which settle brings new ones.
var Files = []string{"run.json", "log.jsonl", "best_epoch.json", "training.png", "training.svg", "training.csv", "eval", "detector.safetensors", "checkpoint.safetensors"}

// Settle puts the run in next into this one's place if it has its first checkpoint, or its detector where the model has no
// checkpoints, and removes it otherwise. It can be stopped anywhere and called again: while next has such a file and its
// run.json nothing has been brought over, and the old files may go; then run.json comes first and that file last.
func (r Folder) Settle() error {
	next := r.Next()
	if !Exists(next.Checkpoint()) && !Exists(next.Detector()) {
		if Exists(next.InfoFile()) {
			return os.RemoveAll(string(next))
		}
		_ = os.Remove(string(next)) // empty; one that is not is nobody's run
		return nil
	}
	if Exists(next.InfoFile()) {
		for _, name := range Files[1:] {
			if err := os.RemoveAll(r.File(name)); err != nil {
				return fmt.Errorf("replacing the run: %w", err)
			}
		}
	}
	for _, name := range Files {
		if !Exists(next.File(name)) {
			continue
		}
		if err := durable.Rename(next.File(name), r.File(name)); err != nil {
			return fmt.Errorf("replacing the run: %w", err)
		}
	}
	return os.RemoveAll(string(next))
}

func (r Folder) WriteInfo(info *Info) error { return seal.Write(r.InfoFile(), info) }

func (r Folder) ReadInfo() (*Info, error) {
	var info Info
	err := seal.Read(r.InfoFile(), &info)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a run's folder: it has no run.json (msflow train --out %s makes one)", r, quote.Shell(string(r)))
	}
	if err != nil {
		return nil, fmt.Errorf("the run: %w", err)
	}
	return &info, nil
}

// Load loads the run's detector, which must be that of its run.json.
func (r Folder) Load(info *Info, weights string) (*detector.Detector, error) {
	if !Exists(r.Detector()) && Exists(r.Checkpoint()) {
		return nil, fmt.Errorf("the training in %s has not ended; msflow train --out %s --resume continues it", r, quote.Shell(string(r)))
	}
	if weights == "" {
		weights = r.Absolute(info.Flags["weights"])
	}
	d, err := detector.Load(r.Detector(), weights)
	if err != nil {
		return nil, err
	}
	if d.Run != info.Run {
		return nil, fmt.Errorf("%s is of the run %s and %s of the run %s; they do not belong together", r.Detector(), named(d.Run), r.InfoFile(), info.Run)
	}
	return d, nil
}

func named(run string) string {
	if run == "" {
		return "without a name"
	}
	return run
}

// WriteJSON writes v to path in whole or not at all.
func WriteJSON(path string, v any) error {
	return WriteFile(path, func(f io.Writer) error {
		enc := json.NewEncoder(f)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// WriteFile writes path in whole or not at all, and its folder if there is none.
func WriteFile(path string, fill func(w io.Writer) error) error {
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return durable.Write(path, 0o644, fill)
}
