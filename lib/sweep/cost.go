package sweep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
)

// Cost is what a point took of the machine that it ran on.
type Cost struct {
	Seconds   float64 `json:"seconds"`    // of the clock, with those of interrupted runs
	PeakBytes uint64  `json:"peak_bytes"` // most memory of its process; 0 is not known
	Threads   int     `json:"threads"`
}

// costFile holds a point's cost. It is no part of what a table is made of.
const costFile = "cost.json"

// Spend adds to what a point took.
func (f Folder) Spend(p Point, c Cost) error {
	before, err := f.Cost(p)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.Seconds, c.PeakBytes = c.Seconds+before.Seconds, max(c.PeakBytes, before.PeakBytes)
	err = durable.Write(filepath.Join(f.Run(p), costFile), 0o666, func(w io.Writer) error { return json.NewEncoder(w).Encode(c) })
	if err != nil {
		return fmt.Errorf("keeping what a point took: %w", err)
	}
	return nil
}

// Cost is what a point took so far. The error of one that never ran matches fs.ErrNotExist.
func (f Folder) Cost(p Point) (c Cost, err error) {
	path := filepath.Join(f.Run(p), costFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("reading what a point took: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("reading what a point took: %s: %w", path, err)
	}
	return c, nil
}

// Measured is a complete point with its cost, and the folder of its sweep.
type Measured struct {
	Point  Point
	Cost   Cost
	Folder Folder
}

// Measured are the sweep's complete points whose cost is known.
func (f Folder) Measured() (out []Measured, err error) {
	points, err := f.Points()
	if err != nil {
		return nil, err
	}
	for _, p := range points {
		c, err := f.Cost(p)
		switch {
		case err == nil && f.State(p) == Complete:
			out = append(out, Measured{p, c, f})
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return out, nil
}

// Estimate is what a point is expected to take.
type Estimate struct {
	Cost
	Like    []Measured // the points that it was taken from; none: nothing is known
	Scaled  bool       // for another number of pixels, epochs, pictures or parts
	Differs int        // flags in which they differ besides class, seed, and what it was scaled for
}

// Expect estimates a point's cost by the measured ones of the same command, model, backbone and device that differ from it in the fewest
// flags. Time grows with pixels, epochs and images (counts, shards), memory with pixels and images; class and seed make no difference.
func Expect(p Point, known []Measured) (e Estimate) {
	e.Differs = math.MaxInt
	for _, m := range known {
		d, alike := differences(p, m.Point)
		if !alike || d > e.Differs {
			continue
		}
		if d < e.Differs {
			e = Estimate{Differs: d}
		}
		time, memory := ratio(p, m.Point)
		e.Scaled = e.Scaled || time != 1 || memory != 1
		e.Seconds += m.Cost.Seconds * time
		e.PeakBytes = max(e.PeakBytes, uint64(float64(m.Cost.PeakBytes)*max(1, memory)))
		e.Threads, e.Like = m.Cost.Threads, append(e.Like, m)
	}
	if n := len(e.Like); n > 0 {
		e.Seconds /= float64(n)
	}
	return e
}

// differences counts the flags in which two points differ, and tells whether what matters most is the same.
func differences(p, q Point) (n int, alike bool) {
	if p.Command != q.Command {
		return 0, false
	}
	for _, flag := range []string{"model", "backbone", "device", "recipe"} {
		if p.Flags[flag] != q.Flags[flag] {
			return 0, false
		}
	}
	free := map[string]bool{"class": true, "seed": true, "size": true, "epochs": true, "counts": true, "shard": true}
	for _, flags := range []map[string]string{p.Flags, q.Flags} {
		for flag := range flags {
			if p.Flags[flag] != q.Flags[flag] && !free[flag] {
				free[flag], n = true, n+1
			}
		}
	}
	if p.Flags["epochs"] == "" != (q.Flags["epochs"] == "") {
		n++ // a recipe's own number of epochs is not known here
	}
	return n, true
}

// ratio is how much more time and memory p takes than q by size, epochs and number of images.
func ratio(p, q Point) (time, memory float64) {
	r := func(flag string, of func(text string) float64) float64 {
		a, b := of(p.Flags[flag]), of(q.Flags[flag])
		if a > 0 && b > 0 {
			return a / b
		}
		return 1
	}
	memory = r("size", pixels) * r("counts", images) / r("shard", shards)
	return memory * r("epochs", count), memory
}

func count(text string) float64 {
	v, _ := strconv.ParseFloat(text, 64)
	return v
}

// pixels reads a size, N or HxW; none is the default one.
func pixels(text string) float64 {
	h, w, ok := strings.Cut(or(text, "256"), "x")
	if !ok {
		w = h
	}
	return count(h) * count(w)
}

// images reads the numbers of training, good and bad test images.
func images(text string) (n float64) {
	for part := range strings.SplitSeq(text, ",") {
		n += count(part)
	}
	return n
}

// shards reads the number of parts of 3/20.
func shards(text string) float64 {
	_, n, _ := strings.Cut(text, "/")
	return count(n)
}
