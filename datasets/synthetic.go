package datasets

import (
	"fmt"
	"image"
	"sync"

	"github.com/msflow-go/msflow/datasets/internal/painter"
	"github.com/msflow-go/msflow/datasets/internal/picture"
	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// SyntheticClasses lists the classes of Synthetic; the first is the default.
func SyntheticClasses() []string { return painter.Classes() }

// minDrawn is the shortest side on which the pictures can be told apart from their flaws.
const minDrawn = 32

// syntheticCounts are the pictures made by default: to train, and normal and anomalous ones to test.
var syntheticCounts = [3]int{60, 20, 20}

// Synthetic makes a data set of generated pictures; it needs no files. Class chooses what is on them (see
// SyntheticClasses), Counts how many there are, Size or SizeHW how large they are drawn, and Seed which ones. The pictures
// and masks are the same on every machine. A mask marks exactly the pixels that differ from the same picture without
// defect.
func Synthetic(opts ...Option) (*Data, error) {
	s, err := apply(opts, "Class", "Counts")
	if err != nil {
		return nil, fmt.Errorf("synthetic: %w", err)
	}
	class := SyntheticClasses()[0]
	if s.class != "" {
		if class, err = chooseClass(s.class, SyntheticClasses()); err != nil {
			return nil, fmt.Errorf("synthetic: %w", err)
		}
	}
	if min(s.h, s.w) < minDrawn {
		return nil, fmt.Errorf("synthetic: %d×%d pixels are too few to draw on: each side must have %d", s.h, s.w, minDrawn)
	}
	counts := syntheticCounts
	if s.counts != nil {
		counts = *s.counts
	}
	train := drawnSet(class, "train", counts[0], 0, s)
	test := drawnSet(class, "test", counts[1], counts[2], s)
	return s.data("synthetic/"+class, "", train, nil, test)
}

// openSynthetic is Synthetic for Open; there is no folder.
func openSynthetic(_ string, opts ...Option) (*Data, error) { return Synthetic(opts...) }

// drawnSet is the normal and then the flawed samples of one part of the data set. Flaws are dealt out in turn, so that a
// set of any size has all of them.
func drawnSet(class, part string, good, bad int, s settings) Set {
	flaws := painter.Flaws(class)
	keep := int64(good+bad)*int64(s.h)*int64(s.w) <= keptPixels
	set := make(Set, 0, good+bad)
	for i := range good + bad {
		src := &drawing{class: class, w: s.w, h: s.h, keep: keep, defect: Good}
		if i >= good {
			src.defect = flaws[(i-good)%len(flaws)]
		}
		src.seeds = []uint64{uint64(s.seed), splitmix.Seed(class), splitmix.Seed(part), uint64(i)}
		name := fmt.Sprintf("%s/%s/%s/%03d", class, part, src.defect, i)
		set = append(set, Sample{Name: name, Class: class, Defect: src.defect, Anomalous: src.defect != Good, pixels: src})
	}
	return set
}

// keptPixels bounds the pictures that are kept once they are drawn, in pixels a set: a picture costs more to draw than a
// file to read, and training asks for it again and again.
const keptPixels = 64 << 20

// drawing is the source of a synthetic sample.
type drawing struct {
	class, defect string
	seeds         []uint64
	w, h          int
	keep          bool

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

func (d *drawing) draw() (picture.Raster, *Mask, error) {
	flaw := d.defect
	if flaw == Good {
		flaw = ""
	}
	pic, mask, err := painter.Draw(d.class, flaw, d.w, d.h, d.seeds...)
	if err != nil {
		return pic, nil, fmt.Errorf("synthetic: %w", err)
	}
	return pic, &Mask{d.w, d.h, mask}, nil
}

// Painted gives every normal sample of a set a flaw that is painted on its picture: the spots, stains, bends, dents,
// scratches, cracks and fibres of Synthetic, in turn. The mask marks the pixels that were changed. It tells how a detector
// does on defects of known place when no defect of the product has been seen yet: nothing that is chosen on painted
// pictures has looked at a real defect. Anomalous samples of the set are left out. The same set and seed give the same
// pictures on every machine.
func Painted(set Set, seed int64) Set {
	kinds := painter.CommonFlaws()
	var out Set
	for _, s := range set {
		if s.Anomalous || s.pixels == nil {
			continue
		}
		kind := kinds[len(out)%len(kinds)]
		painted := s
		painted.Name, painted.Path = fmt.Sprintf("%s+%s", s.Name, kind), ""
		painted.Defect, painted.Anomalous = kind, true
		painted.pixels = &painting{normal: s.pixels, kind: kind, seeds: []uint64{uint64(seed), splitmix.Seed(s.Name), splitmix.Seed("painted")}}
		out = append(out, painted)
	}
	return out
}

// painting is the source of a painted sample.
type painting struct {
	normal source
	kind   string
	seeds  []uint64
}

func (p *painting) hasMask() bool { return true }

func (p *painting) check(how *reading, depth Depth) (facts, error) { return p.normal.check(how, depth) }

func (p *painting) read(how *reading) (picture.Raster, *Mask, error) {
	pic, _, err := p.normal.read(how)
	if err != nil {
		return picture.Raster{}, nil, err
	}
	out, mask, err := painter.Paint(pic, p.kind, p.seeds...)
	if err != nil {
		return picture.Raster{}, nil, err
	}
	return out, &Mask{pic.W, pic.H, mask}, nil
}
