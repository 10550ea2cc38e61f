package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
)

// Point is one training of a sweep with its test, or one part of the images that it scores.
type Point struct {
	Command string            `json:"command,omitempty"` // predict; empty is train
	Flags   map[string]string `json:"flags"`             // of the command, without dashes; for predict also run and images
}

// naming are the flags that a point's name shows, in this order.
var naming = []string{"dataset", "class", "model", "recipe", "backbone", "size", "seed", "run", "shard"}

// Name is the name of the point's folder: what people look for, and eight digits of the SHA-256 of all flags.
func (p Point) Name() string {
	var parts []string
	content := any(p.Flags) // a map's keys come in order
	if p.Command != "" {
		parts, content = []string{p.Command}, p
	}
	for _, flag := range naming {
		if v := p.Flags[flag]; v != "" {
			parts = append(parts, plain(v))
		}
	}
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // strings can always be written
	}
	sum := sha256.Sum256(text)
	return strings.Join(append(parts, hex.EncodeToString(sum[:4])), "-")
}

// plain keeps what every file system takes.
func plain(v string) string {
	text := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, v)
	return text[:min(len(text), 32)]
}

// Args are the point's flags as its command takes them.
func (p Point) Args() (args []string) {
	for _, flag := range slices.Sorted(maps.Keys(p.Flags)) {
		if p.Command == predict && (flag == "run" || flag == "images") {
			continue // they are arguments
		}
		args = append(args, "--"+flag+"="+p.Flags[flag])
	}
	return args
}

// Folder is a sweep's folder: a run's folder for every point, with point.json and the program's output beside the run's files.
type Folder string

// Run is a point's run folder.
func (f Folder) Run(p Point) string { return filepath.Join(string(f), p.Name()) }

// pointFile is what makes a folder a point's.
const pointFile = "point.json"

// Prepare makes the folders of a plan's points.
func (f Folder) Prepare(plan *Plan) error {
	for _, p := range plan.Points {
		dir := f.Run(p)
		if err := durable.MkdirAll(dir); err != nil {
			return fmt.Errorf("making the folder of a point: %w", err)
		}
		if _, err := os.Stat(filepath.Join(dir, pointFile)); err == nil {
			continue
		}
		err := durable.Write(filepath.Join(dir, pointFile), 0o666, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(p)
		})
		if err != nil {
			return fmt.Errorf("making the folder of a point: %w", err)
		}
	}
	return nil
}

// ReadPoint reads which point a folder is of.
func ReadPoint(dir string) (Point, error) {
	var p Point
	path := filepath.Join(dir, pointFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return p, fmt.Errorf("reading a point of a sweep: %w", err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("reading a point of a sweep: %s: %w", path, err)
	}
	if filepath.Base(filepath.Clean(dir)) != p.Name() {
		return p, fmt.Errorf("reading a point of a sweep: %s does not belong to the folder %s; its point is %s", path, dir, p.Name())
	}
	return p, nil
}

// Points are the points that a sweep's folder holds, in order of name.
func (f Folder) Points() ([]Point, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, fmt.Errorf("reading a sweep: %w", err)
	}
	var out []Point
	for _, e := range entries {
		p, err := ReadPoint(filepath.Join(string(f), e.Name()))
		switch {
		case err == nil:
			out = append(out, p)
		case !errors.Is(err, fs.ErrNotExist) && e.IsDir():
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("reading a sweep: %s holds no points; `msflow sweep` makes them", f)
	}
	return out, nil
}

// State says how far a point is.
type State int

// States of a point, as its folder shows.
const (
	Waiting  State = iota // nothing there yet
	Begun                 // there is a checkpoint to go on from
	Trained               // there is a detector, not yet evaluated
	Complete              // there are figures
)

func (s State) String() string { return [...]string{"waiting", "begun", "trained", "complete"}[s] }

// State looks at a point's folder.
func (f Folder) State(p Point) State {
	if p.Command == predict {
		if _, err := os.Stat(filepath.Join(f.Predictions(p), "scores.json")); err == nil {
			return Complete
		}
		return Waiting
	}
	for _, file := range []struct {
		name  string
		state State
	}{{"eval/metrics.json", Complete}, {"detector.safetensors", Trained}, {"checkpoint.safetensors", Begun}} {
		if _, err := os.Stat(filepath.Join(f.Run(p), filepath.FromSlash(file.name))); err == nil {
			return file.state
		}
	}
	return Waiting
}
