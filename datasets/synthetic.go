package datasets

import (
	"fmt"
	"github.com/msflow-go/msflow/datasets/internal/picture"
	"image"
	"slices"
	"sync"
)

// product is a class of synthetic pictures.
type product struct {
	name string
	draw func(r *rng, f frame) scene
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

// SyntheticClasses lists the classes of Synthetic; the first is the default.
func SyntheticClasses() []string {
	names := make([]string, len(products))
	for i, p := range products {
		names[i] = p.name
	}
	return names
}

// minDrawn is the shortest side on which the pictures can be told apart from their flaws.
const minDrawn = 32

// syntheticCounts are the pictures made by default: to train, and normal and anomalous ones to test.
var syntheticCounts = [3]int{60, 20, 20}

// Synthetic makes a data set of generated pictures; it needs no files. Class chooses what is on them (see
// SyntheticClasses), Counts how many there are, Size or SizeHW how large they are drawn, and Seed which ones. The pictures
// and masks are the same on every machine. A mask marks exactly the pixels that differ from the same picture without defect.
func Synthetic(opts ...Option) (*Data, error) {
	s, err := apply(opts, "Class", "Counts")
	if err != nil {
		return nil, fmt.Errorf("synthetic: %w", err)
	}
	p, err := findProduct(s.class)
	if err != nil {
		return nil, fmt.Errorf("synthetic: %w", err)
	}
	if min(s.h, s.w) < minDrawn {
		return nil, fmt.Errorf("synthetic: %d×%d pixels are too few to draw on: each side must have %d", s.h, s.w, minDrawn)
	}
	counts := syntheticCounts
	if s.counts != nil {
		counts = *s.counts
	}
	train := p.pictures("train", counts[0], 0, s)
	test := p.pictures("test", counts[1], counts[2], s)
	return s.data("synthetic/"+p.name, "", train, nil, test)
}

// openSynthetic is Synthetic for Open; there is no folder.
func openSynthetic(_ string, opts ...Option) (*Data, error) { return Synthetic(opts...) }

func findProduct(name string) (product, error) {
	if name == "" {
		return products[0], nil
	}
	found, err := chooseClass(name, SyntheticClasses())
	if err != nil {
		return product{}, err
	}
	return products[slices.Index(SyntheticClasses(), found)], nil
}

// pictures are the normal and then the flawed samples of one part of the data set.
func (p product) pictures(part string, good, bad int, s settings) Set {
	keep := int64(good+bad)*int64(s.h)*int64(s.w) <= keptPixels
	set := make(Set, 0, good+bad)
	for i := range good + bad {
		src := &drawing{product: p, w: s.w, h: s.h, keep: keep, defect: Good}
		if i >= good {
			src.defect = p.flaws[(i-good)%len(p.flaws)]
		}
		src.seeds = []uint64{uint64(s.seed), textSeed(p.name), textSeed(part), uint64(i)}
		name := fmt.Sprintf("%s/%s/%s/%03d", p.name, part, src.defect, i)
		set = append(set, Sample{Name: name, Class: p.name, Defect: src.defect, Anomalous: src.defect != Good, pixels: src})
	}
	return set
}

// textSeed turns a name into a seed.
func textSeed(text string) uint64 {
	seed := uint64(len(text))
	for _, b := range []byte(text) {
		seed = mix64(seed<<8 | seed>>56 ^ uint64(b))
	}
	return seed
}

// keptPixels bounds the pictures that are kept once they are drawn, in pixels a set: a picture costs more to draw than a
// file to read, and training asks for it again and again.
const keptPixels = 64 << 20

// drawing is the source of a synthetic sample.
type drawing struct {
	product product
	seeds   []uint64
	defect  string
	w, h    int
	keep    bool

	once sync.Once
	pic  picture.Raster
	mask *Mask
	err  error
}

func (d *drawing) hasMask() bool { return true }

func (d *drawing) check(*reading, Depth) (facts, error) { return facts{size: image.Pt(d.w, d.h)}, nil }

func (d *drawing) read(*reading) (picture.Raster, *Mask, error) {
	if !d.keep {
		return d.draw()
	}
	d.once.Do(func() { d.pic, d.mask, d.err = d.draw() })
	return d.pic.Clone(), d.mask.clone(), d.err
}

// flawTries bounds the search for a place where a flaw shows.
const flawTries = 200

func (d *drawing) draw() (picture.Raster, *Mask, error) {
	r := newRNG(d.seeds...)
	f := newFrame(d.w, d.h)
	s, c := d.product.draw(r, f), newCamera(r)
	if d.defect == Good {
		pic, mask := render(s, nil, c, d.w, d.h)
		return pic, mask, nil
	}
	for range flawTries {
		fl := d.makeFlaw(r, s, f)
		if pic, mask := render(s, &fl, c, d.w, d.h); mask.Area() > 0 {
			return pic, mask, nil
		}
	}
	return picture.Raster{}, nil, fmt.Errorf("synthetic: no flaw %q fits on a %s of %d×%d pixels", d.defect, d.product.name, d.w, d.h)
}

// makeFlaw makes the picture's flaw at a random place where one can be.
func (d *drawing) makeFlaw(r *rng, s scene, f frame) flaw {
	if own, ok := s.own[d.defect]; ok {
		return own(r)
	}
	at := f.centre()
	for range flawTries {
		at = vec{r.between(0.04, f.w-0.04), r.between(0.04, f.h-0.04)}
		if s.ground == nil || s.ground(at) {
			break
		}
	}
	return flawMakers[d.defect](r, s, f, at).within(s.ground)
}
