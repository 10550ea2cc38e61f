package detector

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/msflow-go/msflow/datasets"
)

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// fewImages is how many normal and anomalous images a figure needs before it says much.
const fewImages = 10

// noteImages says what the image figures leave out.
func (r *Result) noteImages() {
	if n := r.tied(); 2*n > len(r.Images) {
		r.note("%d of %d image scores agree with another to six digits: the score is saturated and hardly ranks them", n, len(r.Images))
	}
	if r.Normal < fewImages || r.Anomalous < fewImages {
		r.note("%d normal and %d anomalous images are few: all figures may be far from what other images would give", r.Normal, r.Anomalous)
	}
	if unseen := r.unseen(); len(unseen) > 0 {
		r.note("%s: anomalous, but nothing of it is marked in what is looked at; the image figures want it found all the same", datasets.Some(unseen))
	}
	if r.DetAUROCCI[0] == r.DetAUROCCI[1] {
		r.note("no drawing of these test images changes det AUROC, so its interval is a point and does not say how sure the figure is")
	}
}

// unseen are anomalous images whose masks mark nothing at the size and in the region that the model sees.
func (r *Result) unseen() (names []string) {
	for _, p := range r.Images {
		if p.Anomalous && p.Mask != nil && !slices.ContainsFunc(p.Mask, func(v uint8) bool { return v != 0 }) {
			names = append(names, p.Name)
		}
	}
	return names
}

// tied counts the images whose scores agree with another's to six digits.
func (r *Result) tied() (n int) {
	count := map[string]int{}
	for _, p := range r.Images {
		count[strconv.FormatFloat(p.Score, 'g', 6, 64)]++
	}
	for _, c := range count {
		if c > 1 {
			n += c
		}
	}
	return n
}
