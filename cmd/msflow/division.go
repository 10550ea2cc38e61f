package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
)

// divideAsRun divides the data as the run did, whatever has come to the folder since. Files that are missing or changed are
// an error where they are needed, as training or as test images, and a note elsewhere.
func divideAsRun(ctx context.Context, data *datasets.Data, v *datasets.Division, log io.Writer, training, testing bool) error {
	c, err := data.Divide(ctx, *v)
	if err != nil {
		return fmt.Errorf("comparing the data with the run's: %w", err)
	}
	isTest := map[string]bool{}
	for _, e := range v.Test {
		isTest[e.Name] = true
	}
	var broken []string
	for what, names := range map[string][]string{"missing": c.Missing, "changed": c.Changed} {
		for _, test := range []bool{false, true} {
			part := pick(names, func(name string) bool { return isTest[name] == test })
			if len(part) == 0 {
				continue
			}
			text := fmt.Sprintf("%s images %s since the training began: %s", map[bool]string{false: "training", true: "test"}[test], what, datasets.Some(part))
			if test && testing || !test && training {
				broken = append(broken, text)
			} else {
				fmt.Fprintf(log, "note: %s\n", text)
			}
		}
	}
	if len(c.Added) > 0 {
		fmt.Fprintf(log, "note: added since the training began, and left out: %s\n", datasets.Some(c.Added))
	}
	if len(broken) > 0 {
		return fmt.Errorf("%s: these are not the data of the run: %s", quote.Name(data.Name), strings.Join(broken, "; "))
	}
	return nil
}

func pick(names []string, wanted func(string) bool) (out []string) {
	for _, name := range names {
		if wanted(name) {
			out = append(out, name)
		}
	}
	return out
}

// known is what a run knows of images: by their content, whatever they are called and wherever they lie, and by folders of its data
// set that hold anomalous images only, where new ones may have come.
type known struct {
	trained, tested, anomalous map[string]bool // by PictureDigest
	drawn                      bool            // the run's pictures come from no files
	folders                    map[string]bool // whether a folder is one of anomalous images
}

// seen says what a run did with an image.
type seen struct{ trained, tested, anomalous bool }

// newKnown looks through a run's division of the data in dir.
func newKnown(info *runs.Info, dir string) *known {
	k := &known{map[string]bool{}, map[string]bool{}, map[string]bool{}, info.Flags["dataset"] == synthetic, map[string]bool{}}
	for _, e := range slices.Concat(info.Data.Train, info.Data.Validation, info.Data.Test) {
		if e.Anomalous {
			k.anomalous[or(e.Picture, e.SHA256)] = true
		}
		if folder := realPath(filepath.Join(dir, filepath.Dir(filepath.FromSlash(e.Name)))); dir != "" && (!e.Anomalous || !k.holds(folder)) {
			k.folders[folder] = e.Anomalous
		}
	}
	for _, e := range info.Data.Test {
		k.tested[or(e.Picture, e.SHA256)] = true
	}
	for _, e := range info.Data.Train {
		k.trained[or(e.Picture, e.SHA256)] = !slices.Contains(info.HeldOut, e.Name)
	}
	return k
}

// holds tells whether images of the run lie in a folder.
func (k *known) holds(folder string) bool {
	_, ok := k.folders[folder]
	return ok
}

// look says what is known of an image file.
func (k *known) look(s datasets.Sample) (seen, error) {
	if k.drawn {
		im, _, err := s.Load(0, 0)
		if err != nil {
			return seen{}, err
		}
		s.Path = ""
		s = datasets.NewSample(s.Name, "", datasets.Good, im, nil)
	}
	digest, err := s.PictureDigest()
	if err != nil {
		return seen{}, err
	}
	anomalous := k.anomalous[digest] || s.Path != "" && k.inDefects(realPath(filepath.Dir(s.Path)))
	return seen{k.trained[digest], k.tested[digest], anomalous}, nil
}

// inDefects tells whether the nearest of a folder and those around it in which images of the run lie is one of anomalous images.
func (k *known) inDefects(dir string) bool {
	for ; !k.holds(dir) && filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
	}
	return k.folders[dir]
}
