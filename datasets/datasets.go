// Package datasets reads anomaly-detection data sets from folders on disk, or generates one, and turns their images into
// what a backbone wants: RGB resized exactly as Pillow resizes, normalised, in batches of (B,3,H,W).
//
// Every constructor (MTD, MVTec, VisA, Folder, Synthetic, …) returns a Data whose samples know where their pixels are and
// read them only when asked. Open is the same by name. Check finds what is wrong with the files before a training starts;
// Batches reads a Set in order, ahead of its reader and on all cores.
//
// Images are JPEG, PNG, BMP, TIFF or WebP files. Grey is replicated to three channels, a palette is looked up, and alpha is
// dropped and not blended: what the reference's loader, Pillow's convert("RGB"), does too. Where Pillow clips 16-bit grey,
// it is scaled here by the levels that the data set needs; and images are turned by their EXIF orientation, see Reading.
//
// One physical part is often photographed several times: a Sample's Group says which part it shows, and a division that a
// constructor makes itself keeps the photos of a part together.
//
// The training images of a Data are all normal. Test images are normal or anomalous, with a mask of the anomalous pixels
// where the data set has one.
package datasets

import (
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// Good is the Defect of a normal sample.
const Good = "good"

// Data is a data set divided for anomaly detection.
type Data struct {
	Name       string   // such as "mvtec/bottle"
	Classes    []string // the kinds of object in it, sorted
	Train      Set      // normal images only
	Validation Set      // further normal images where the data set sets some apart, else empty
	Test       Set      // normal and anomalous images
	H, W       int      // the input size in pixels, from Size or SizeHW, or the kind's default
	Notes      []string // what was assumed about the files and the division, a sentence each, for the user to read

	skip func(name string, err error) // from SkipBad; nil: a bad file is an error
}

// Set is a list of samples. Order is part of it: it is the same at each opening of the same files with the same seed.
type Set []Sample

// Anomalous is the number of anomalous samples in the set.
func (s Set) Anomalous() int {
	n := 0
	for _, sample := range s {
		if sample.Anomalous {
			n++
		}
	}
	return n
}

// Labels tells for each sample whether it is anomalous.
func (s Set) Labels() []bool {
	labels := make([]bool, len(s))
	for i, sample := range s {
		labels[i] = sample.Anomalous
	}
	return labels
}

// HasMasks tells whether every anomalous sample comes with a mask, so that pixels can be judged.
func (s Set) HasMasks() bool {
	return !slices.ContainsFunc(s, func(sample Sample) bool { return !sample.HasMask() })
}

// Defects lists the kinds of defect in the set, sorted, without Good.
func (s Set) Defects() []string {
	all := distinct(s, func(sample Sample) string { return sample.Defect })
	return slices.DeleteFunc(all, func(defect string) bool { return defect == Good })
}

// Size is the input size in pixels that the set's data set was opened with; 0, 0 if its samples were made alone.
func (s Set) Size() (h, w int) {
	if len(s) == 0 {
		return 0, 0
	}
	return s[0].H, s[0].W
}

// Shuffled returns the set in a random order that the seed determines. The set itself stays as it is.
func (s Set) Shuffled(seed int64) Set {
	shuffled := make(Set, len(s))
	for i, j := range splitmix.New(uint64(seed)).Perm(len(s)) {
		shuffled[i] = s[j]
	}
	return shuffled
}

// HoldOut divides the set at random: held is about the given fraction of it, in whole parts (see Groups), and rest is what
// remains, both in their old order. It panics unless 0 ≤ fraction ≤ 1.
func (s Set) HoldOut(fraction float64, seed int64) (rest, held Set) {
	if !(fraction >= 0 && fraction <= 1) {
		panic(fmt.Sprintf("datasets: HoldOut of %v, which is not between 0 and 1", fraction))
	}
	keep := len(s) - int(fraction*float64(len(s))+0.5)
	return s.divide(keep, seed, nil)
}

// distinct lists the sorted values of a label over the set.
func distinct(s Set, label func(Sample) string) []string {
	var values []string
	for _, sample := range s {
		if v := label(sample); !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}
