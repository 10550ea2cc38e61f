package datasets

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"strings"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// MaxPixels is the largest picture that is decoded. A larger one is refused by its header, before memory is spent on it.
const MaxPixels = picture.MaxPixels

// ErrEmptyFile is wrapped by the error for an image file of no bytes.
var ErrEmptyFile = picture.ErrEmptyFile

// ErrTooLarge is wrapped by the error for an image of more than MaxPixels pixels.
var ErrTooLarge = picture.ErrTooLarge

// Depth is how thoroughly Check looks.
type Depth int

const (
	// Headers reads where each image says what size it is: milliseconds for a data set.
	Headers Depth = iota
	// Pixels decodes every image and mask, which also finds truncated ones: seconds.
	Pixels
)

// Problem is a file that cannot be used and why. The error names the file.
type Problem struct {
	Name string // the sample's name
	Err  error
}

// Report is what Check found.
type Report struct {
	Images     int         // images looked at
	Smallest   image.Point // width and height of the image with the fewest pixels, and of the one with the most
	Largest    image.Point
	Bad        []Problem   // images that were left out, if the data set was opened with SkipBad
	Deep       int         // images of 16-bit samples
	Levels     int         // that all of them are read with, as given or recognised; 0 if there are none
	Turned     int         // images turned by their EXIF orientation
	Paged      []string    // samples whose file has further pages, which are not read
	EmptyMasks []string    // anomalous samples whose mask marks nothing (known after Pixels only): no error, but no truth either
	Masks      []MaskNote  // what was noticed about the masks of anomalous samples and assumed of them (after Pixels only)
	Flat       []string    // samples whose image is of a single colour (after Pixels only)
	AllAlike   bool        // the training images all show one picture: there is no variation to learn (after Pixels only)
	Twins      [][2]string // training images whose pixels are those of a test or validation image, and which (after Pixels only)

	whyUnmasked []string
}

// MaskNote is something that was noticed about masks.
type MaskNote struct {
	Text    string
	Samples []string // their names
}

// Notes says in lines what a user should know of how the images are read, and what was assumed.
func (r *Report) Notes() []string {
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if r.Deep > 0 {
		note("%d of %d images have 16-bit samples; those of the whole data set are read with %d levels (--levels sets them)", r.Deep, r.Images, r.Levels)
	}
	if r.Turned > 0 {
		note("%d of %d images are turned upright by their EXIF orientation (--exif ignore leaves them as stored)", r.Turned, r.Images)
	}
	if len(r.Paged) > 0 {
		note("%s: only the first page of the file is read", Some(r.Paged))
	}
	if len(r.Flat) > 0 {
		note("%s: the whole image is of a single colour", Some(r.Flat))
	}
	if r.AllAlike {
		note("all training images show the very same picture: there is no variation to learn, and whatever differs from it will be anomalous")
	}
	for _, m := range r.Masks {
		note("%s: %s", Some(m.Samples), m.Text)
	}
	if len(r.whyUnmasked) > 0 {
		note("of the first image without a mask: %s", r.whyUnmasked[0])
	}
	return notes
}

// Some counts images by their names, of which it spells out five: "3 images (a.png, b.png, c.png)", or one name alone.
func Some(names []string) string {
	const most = 5
	list := printables(names[:min(most, len(names))], ", ")
	switch {
	case len(names) == 1:
		return list
	case len(names) > most:
		list += ", …"
	}
	return fmt.Sprintf("%d images (%s)", len(names), list)
}

// CheckError lists everything that is wrong with a data set.
type CheckError struct {
	Data     string
	Problems []Problem
}

// maxShown is how many problems an error's text spells out.
const maxShown = 10

func (e *CheckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d images cannot be used:", Printable(e.Data), len(e.Problems))
	for _, p := range e.Problems[:min(maxShown, len(e.Problems))] {
		fmt.Fprintf(&b, "\n  %v", p.Err)
	}
	if more := len(e.Problems) - maxShown; more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// Unwrap gives errors.Is the reasons.
func (e *CheckError) Unwrap() []error {
	reasons := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		reasons[i] = p.Err
	}
	return reasons
}

// Check looks for what would stop a training or a test half-way: images and masks that are missing, unreadable, empty or
// absurdly large, masks that are not of their image's size. It looks at all of them, on all cores, before it returns a
// *CheckError. If the data set was opened with SkipBad, the bad samples are reported and removed from d instead; then only
// a training set with nothing left is an error. Twins are removed from the training images in any case. It stops early,
// with ctx's error, when ctx is done.
func Check(ctx context.Context, d *Data, depth Depth) (*Report, error) {
	report := &Report{}
	var sound [3]Set
	var pictures [3][]*[sha256.Size]byte
	parts := [3]*Set{&d.Train, &d.Validation, &d.Test}
	for i, set := range parts {
		var err error
		if sound[i], pictures[i], err = report.look(ctx, *set, depth); err != nil {
			return report, fmt.Errorf("checking %s: %w", Printable(d.Name), err)
		}
	}
	if len(report.Bad) > 0 && d.skip == nil {
		return report, &CheckError{d.Name, report.Bad}
	}
	report.AllAlike = allAlike(pictures[0])
	sound[0] = report.withoutTwins(sound, pictures)
	for i, set := range parts {
		*set = sound[i]
	}
	for _, p := range report.Bad {
		d.skip(p.Name, p.Err)
	}
	if len(d.Train) == 0 {
		return report, fmt.Errorf("%s: %w are left: all of them are bad or test images too", Printable(d.Name), ErrNoTrainingImages)
	}
	return report, nil
}

// Look reads the headers of a set's files and reports how they are read, with the unreadable ones in Bad.
func (s Set) Look(ctx context.Context) (*Report, error) {
	report := &Report{}
	_, _, err := report.look(ctx, s, Headers)
	return report, err
}

// allAlike tells whether there are several pictures and all have one sum.
func allAlike(pictures []*[sha256.Size]byte) bool {
	for _, p := range pictures {
		if p == nil || *p != *pictures[0] {
			return false
		}
	}
	return len(pictures) > 1
}

// withoutTwins leaves out the training images that have the pixels of an image of another part.
func (r *Report) withoutTwins(sound [3]Set, pictures [3][]*[sha256.Size]byte) (train Set) {
	others := map[[sha256.Size]byte]string{}
	for i := 1; i < len(sound); i++ {
		for j, p := range pictures[i] {
			if p != nil {
				others[*p] = sound[i][j].Name
			}
		}
	}
	for j, sample := range sound[0] {
		if p := pictures[0][j]; p != nil && others[*p] != "" {
			r.Twins = append(r.Twins, [2]string{sample.Name, others[*p]})
			continue
		}
		train = append(train, sample)
	}
	return train
}

// look checks one set and returns its sound samples with their pictures' sums.
func (r *Report) look(ctx context.Context, set Set, depth Depth) (sound Set, pictures []*[sha256.Size]byte, err error) {
	found := make([]facts, len(set))
	errs := make([]error, len(set))
	inParallel(ctx, len(set), func(i int) { found[i], errs[i] = set[i].check(depth) })
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	for i, sample := range set {
		r.Images++
		if errs[i] != nil {
			r.Bad = append(r.Bad, Problem{sample.Name, errs[i]})
			continue
		}
		sound, pictures = append(sound, sample), append(pictures, found[i].picture)
		r.note(sample, found[i])
	}
	return sound, pictures, nil
}

func (r *Report) note(sample Sample, f facts) {
	if sample.Anomalous {
		r.noteMask(sample, f)
	}
	if f.turned {
		r.Turned++
	}
	if f.flat {
		r.Flat = append(r.Flat, sample.Name)
	}
	if f.deep {
		r.Deep, r.Levels = r.Deep+1, sample.howRead().levels()
	}
	if f.pages > 1 {
		r.Paged = append(r.Paged, sample.Name)
	}
	area := func(p image.Point) int { return p.X * p.Y }
	if r.Smallest == (image.Point{}) || area(f.size) < area(r.Smallest) {
		r.Smallest = f.size
	}
	if area(f.size) > area(r.Largest) {
		r.Largest = f.size
	}
}

// noteMask adds what there is to say of an anomalous sample's mask.
func (r *Report) noteMask(sample Sample, f facts) {
	if f.noMask != "" {
		r.addMaskNote("without a mask it counts for the image figures, not for the pixel figures", sample.Name)
		r.whyUnmasked = append(r.whyUnmasked, f.noMask)
		return
	}
	for _, a := range maskAssumptions {
		if f.traits&a.trait != 0 {
			r.addMaskNote(a.text, sample.Name)
		}
	}
	switch {
	case f.emptyMask:
		r.EmptyMasks = append(r.EmptyMasks, sample.Name)
		r.addMaskNote("the mask marks no pixel, so all count as normal", sample.Name)
	case f.fullMask:
		r.addMaskNote("the mask marks every pixel", sample.Name)
	case f.vanished:
		r.addMaskNote(fmt.Sprintf("the defect vanishes at the input size of %d×%d pixels, so all pixels count as normal; a larger --size keeps it", sample.H, sample.W), sample.Name)
	}
}

func (r *Report) addMaskNote(text, name string) {
	for i := range r.Masks {
		if r.Masks[i].Text == text {
			r.Masks[i].Samples = append(r.Masks[i].Samples, name)
			return
		}
	}
	r.Masks = append(r.Masks, MaskNote{text, []string{name}})
}

func (s Sample) check(depth Depth) (facts, error) {
	if s.pixels == nil {
		return facts{}, fmt.Errorf("sample %q has no pixels: it was not made by this package", s.Name)
	}
	found, err := s.pixels.check(s.howRead(), depth)
	if mask := found.mask; err == nil && mask != nil {
		area := mask.Area()
		found.emptyMask, found.fullMask = area == 0, area == len(mask.Pix)
		found.vanished = s.H > 0 && s.W > 0 && mask.resized(s.W, s.H).Area() == 0
	}
	found.mask = nil // it is not kept
	return found, err
}
