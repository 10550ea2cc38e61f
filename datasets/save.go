package datasets

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Save writes the data set to dir in the layout of MVTec AD, as PNG files at their own size, so that other programs can be
// given the very same pictures: dir/CLASS/{train/good, test/DEFECT, ground_truth/DEFECT}/NUMBER.png. Validation images
// go to dir/CLASS/validation/good. It refuses a dir that is not empty.
func Save(ctx context.Context, d *Data, dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("saving %s: %s is not empty", d.Name, Printable(dir))
	}
	var jobs []savedSample
	for _, part := range []struct {
		folder string
		set    Set
	}{{"train", d.Train}, {"validation", d.Validation}, {"test", d.Test}} {
		for i, s := range part.set {
			jobs = append(jobs, savedSample{s, filepath.Join(dir, safeName(s.Class)), part.folder, i})
		}
	}
	errs := make([]error, len(jobs))
	inParallel(ctx, len(jobs), func(i int) { errs[i] = jobs[i].save() })
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return fmt.Errorf("saving %s: %w", d.Name, errs[i])
	}
	return ctx.Err()
}

// savedSample is a sample and where it goes.
type savedSample struct {
	sample     Sample
	root, part string
	number     int
}

func (s savedSample) save() error {
	im, mask, err := s.sample.Load(0, 0)
	if err != nil {
		return err
	}
	defect := safeName(s.sample.Defect)
	if err := savePNG(filepath.Join(s.root, s.part, defect, fmt.Sprintf("%03d.png", s.number)), im); err != nil {
		return err
	}
	if !s.sample.Anomalous || mask == nil {
		return nil
	}
	return savePNG(filepath.Join(s.root, "ground_truth", defect, fmt.Sprintf("%03d_mask.png", s.number)), mask)
}

// safeName is a label as one part of a path.
func safeName(label string) string {
	if label == "" || label == "." || label == ".." {
		return "_"
	}
	return strings.NewReplacer("/", "_", `\`, "_").Replace(label)
}

func savePNG(path string, im image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, im), f.Close())
}
