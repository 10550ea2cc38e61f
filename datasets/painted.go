package datasets

import (
	"fmt"

	"github.com/msflow-go/msflow/datasets/internal/painter"
	"github.com/msflow-go/msflow/datasets/internal/picture"
	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

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
