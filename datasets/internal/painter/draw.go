// Package painter draws the pictures of the procedural data set, and flaws on pictures of any kind, with exact masks:
// things and materials as functions from places to colours, flaws as functions with the region where they hold. A seed
// means the same picture on every machine.
package painter

import (
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/picture"
	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// product is a class of synthetic pictures.
type product struct {
	name string
	draw func(r *splitmix.RNG, f frame) scene
	// flaws are dealt out in turn, so that a test set of any size has all of them.
	flaws []string
}

var products = []product{
	{"gear", gear, []string{"tooth", "scratch", "stain", "spot", "crack"}},
	{"blister", blister, []string{"missing", "broken", "fibre", "colour", "spot"}},
	{"fabric", fabric, []string{"fibre", "bend", "stain", "spot"}},
	{"leather", leather, []string{"crack", "stain", "bend", "spot"}},
	{"mesh", mesh, []string{"broken", "bend", "fibre", "spot"}},
	{"metal", metal, []string{"scratch", "dent", "stain", "spot"}},
	{"tile", tile, []string{"crack", "askew", "stain", "spot"}},
	{"wood", wood, []string{"scratch", "stain", "crack", "spot"}},
}

// Classes lists what can be drawn.
func Classes() []string {
	names := make([]string, len(products))
	for i, p := range products {
		names[i] = p.name
	}
	return names
}

func productOf(class string) product {
	return products[slices.Index(Classes(), class)]
}

// Flaws lists the flaws that a class can have.
func Flaws(class string) []string { return productOf(class).flaws }

// flawTries bounds the search for a place where a flaw shows.
const flawTries = 200

// Draw draws a picture of a class, w×h pixels of R,G,B, with a flaw unless that is empty, and marks with 1 in the mask
// (w·h) each pixel that differs from the flawless picture. The seeds decide all that is random. It panics if there is no
// such class.
func Draw(class, defect string, w, h int, seeds ...uint64) (pic picture.Raster, mask []uint8, err error) {
	r := splitmix.New(seeds...)
	f := newFrame(w, h)
	s, c := productOf(class).draw(r, f), newCamera(r)
	if defect == "" {
		pic, mask = render(s, nil, c, w, h)
		return pic, mask, nil
	}
	for range flawTries {
		fl := makeFlaw(defect, r, s, f)
		if pic, mask = render(s, &fl, c, w, h); slices.Contains(mask, 1) {
			return pic, mask, nil
		}
	}
	return picture.Raster{}, nil, fmt.Errorf("no flaw %q fits on a %s of %d×%d pixels", defect, class, w, h)
}

// makeFlaw makes the picture's flaw at a random place where one can be.
func makeFlaw(defect string, r *splitmix.RNG, s scene, f frame) flaw {
	if own, ok := s.own[defect]; ok {
		return own(r)
	}
	at := f.centre()
	for range flawTries {
		at = vec{r.Between(0.04, f.w-0.04), r.Between(0.04, f.h-0.04)}
		if s.ground == nil || s.ground(at) {
			break
		}
	}
	return flawMakers[defect](r, s, f, at).within(s.ground)
}
