// Quality measures detectors on parts that were never seen: MSFlow's recipes and the simple detectors, on the same features
// and the same divisions. It prints one Markdown table per data set, means over the seeds and their standard deviations.
//
//	go run ./bench/quality -mtd FOLDER -seeds 1,2,3
//	go run ./bench/quality -classes "" -folder CELLS
//
// Below each detector but the first stands by how much the first is above it, seed by seed: mean and deviation.
// Beside the real defects stands how each detector does on defects that are painted on the normal test pictures
// (datasets.Painted). The whitened recipe was chosen by those figures alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
)

func main() {
	mtd := flag.String("mtd", "", "folder of the magnetic tiles; empty leaves them out")
	folder := flag.String("folder", "", "folder of another data set, with good/ and bad/; empty: none")
	classes := flag.String("classes", "gear,fabric", "classes of the synthetic data set, or all")
	size := flag.Int("size", 192, "input size in pixels")
	seeds := flag.String("seeds", "1,2,3", "seeds of divisions and models")
	models := flag.String("models", "msflow,patchcore,padim,gaussian", "detectors; msflow:paper is MSFlow by the paper's recipe")
	flag.Parse()
	if err := run(*mtd, *folder, *classes, *size, strings.Split(*seeds, ","), strings.Split(*models, ",")); err != nil {
		log.Fatal(err)
	}
}

func run(mtd, folder, classes string, size int, seeds, models []string) error {
	if mtd != "" {
		open := func(seed int64) (*datasets.Data, error) {
			return datasets.MTD(mtd, datasets.Size(size), datasets.Seed(seed))
		}
		if err := table("magnetic tiles", open, seeds, models); err != nil {
			return err
		}
	}
	if folder != "" {
		open := func(seed int64) (*datasets.Data, error) {
			return datasets.Folder(folder, datasets.Size(size), datasets.Seed(seed))
		}
		if err := table(folder, open, seeds, models); err != nil {
			return err
		}
	}
	names := strings.Split(classes, ",")
	if classes == "all" {
		names = datasets.SyntheticClasses()
	}
	for _, class := range names {
		if class == "" {
			continue
		}
		open := func(seed int64) (*datasets.Data, error) {
			return datasets.Synthetic(datasets.Class(class), datasets.Size(size), datasets.Seed(seed))
		}
		if err := table("synthetic "+class, open, seeds, models); err != nil {
			return err
		}
	}
	return nil
}

// figures are det AUROC, loc AUROC and AUPRO on real and on painted defects, in percent, and seconds to train.
type figures [7]float64

func table(name string, open func(seed int64) (*datasets.Data, error), seeds, models []string) error {
	fmt.Printf("\n%s, seeds %s\n\n", name, strings.Join(seeds, ", "))
	fmt.Println("| | det AUROC | loc AUROC | AUPRO 30 % | painted: det | loc | AUPRO | s |\n|---|---|---|---|---|---|---|---|")
	var first []figures // of the first model, with which the others are compared seed by seed
	for _, model := range models {
		var all []figures
		for _, text := range seeds {
			seed, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fmt.Errorf("seed %q: %w", text, err)
			}
			data, err := open(seed)
			if err != nil {
				return err
			}
			f, err := judge(data, model, uint64(seed))
			if err != nil {
				return fmt.Errorf("%s with %s, seed %d: %w", name, model, seed, err)
			}
			log.Printf("%s %s seed %d: %.1f", name, model, seed, f)
			all = append(all, f)
		}
		fmt.Printf("| %s |%s\n", model, row(all))
		if first == nil {
			first = all
			continue
		}
		fmt.Printf("| %s above it |%s\n", models[0], row(above(first, all)))
	}
	return nil
}

func judge(data *datasets.Data, model string, seed uint64) (figures, error) {
	ctx := context.Background()
	name, recipe, _ := strings.Cut(model, ":")
	d, err := detector.New(detector.Config{Model: name, Recipe: recipe, Size: [2]int{data.H, data.W}, Seed: seed})
	if err != nil {
		return figures{}, err
	}
	begin := time.Now()
	if err := d.Fit(ctx, data.Train, detector.OnNote(func(line string) { log.Print(line) })); err != nil {
		return figures{}, err
	}
	seconds := time.Since(begin).Seconds()
	real, err1 := d.Test(ctx, data.Test)
	painted, err2 := d.Test(ctx, withPainted(data.Test, int64(seed)))
	if err := errors.Join(err1, err2); err != nil {
		return figures{}, err
	}
	a, b := inPercent(real), inPercent(painted)
	return figures{a[0], a[1], a[2], b[0], b[1], b[2], seconds}, nil
}

// inPercent are det AUROC, loc AUROC and AUPRO. Those of pixels are NaN where there are no masks.
func inPercent(r *detector.Result) [3]float64 {
	if r.PixelMetrics == nil {
		return [3]float64{100 * r.DetAUROC, math.NaN(), math.NaN()}
	}
	return [3]float64{100 * r.DetAUROC, 100 * r.LocAUROC, 100 * r.AUPRO}
}

// withPainted are the normal images of a set, as they are and with a painted defect.
func withPainted(set datasets.Set, seed int64) datasets.Set {
	var out datasets.Set
	for _, s := range set {
		if !s.Anomalous {
			out = append(out, s)
		}
	}
	return append(out, datasets.Painted(out, seed)...)
}

// above are the differences of figures seed by seed, seconds left out.
func above(a, b []figures) []figures {
	out := make([]figures, len(a))
	for i := range a {
		for k := range a[i] {
			out[i][k] = a[i][k] - b[i][k]
		}
		out[i][len(out[i])-1] = math.NaN()
	}
	return out
}

// row is mean ± standard deviation of each figure.
func row(all []figures) (text string) {
	for k := range all[0] {
		mean, squares := 0.0, 0.0
		for _, f := range all {
			mean += f[k] / float64(len(all))
		}
		for _, f := range all {
			squares += (f[k] - mean) * (f[k] - mean)
		}
		if math.IsNaN(mean) {
			text += " – |"
			continue
		}
		if k == len(all[0])-1 {
			return text + fmt.Sprintf(" %.0f |", mean)
		}
		text += fmt.Sprintf(" %.1f ± %.1f |", mean, math.Sqrt(squares/math.Max(1, float64(len(all)-1))))
	}
	return strings.ReplaceAll(text, "-", "−")
}
