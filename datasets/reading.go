package datasets

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// Reading says how image files become 8-bit pictures the right way up. All pictures of a data set are read alike, and a
// detector must read what it scores as it read what it was trained on.
type Reading struct {
	Levels int    // of 16-bit samples: 4096 for a 12-bit camera; 0 recognises them over all files of the set
	Exif   string // ExifApply turns pictures as a viewer does ("" means it too); ExifIgnore reads them as Pillow opens them
	Frame  *Frame // what is seen of them; nil: everything, stretched
}

// The values of Reading.Exif.
const (
	ExifApply  = "apply"
	ExifIgnore = "ignore"
)

// Check tells what is wrong with r.
func (r Reading) Check() error {
	if r.Levels != 0 && (r.Levels < 2 || r.Levels > picture.FullLevels) {
		return fmt.Errorf("%d levels: they are 2 to %d, or 0 to recognise them", r.Levels, picture.FullLevels)
	}
	if !slices.Contains([]string{"", ExifApply, ExifIgnore}, r.Exif) {
		return fmt.Errorf("EXIF orientation %q: it is %s or %s", r.Exif, ExifApply, ExifIgnore)
	}
	return r.Frame.Check()
}

// reading is what the samples of a set share: how they are read, and over which files the levels are recognised.
type reading struct {
	Reading
	files []string

	once  sync.Once
	found int
}

func newReading(how Reading, sets ...Set) *reading {
	r := &reading{Reading: how}
	for _, set := range sets {
		for _, sample := range set {
			if sample.Path != "" {
				r.files = append(r.files, sample.Path)
			}
		}
	}
	return r
}

// ReadAs is the set with its image files read in another way. It panics if how is not valid.
func (s Set) ReadAs(how Reading) Set {
	if err := how.Check(); err != nil {
		panic("datasets: ReadAs: " + err.Error())
	}
	out := slices.Clone(s)
	out.readBy(newReading(how, s))
	return out
}

func (s Set) readBy(r *reading) {
	for i := range s {
		s[i].reading = r
	}
}

// Reading tells how the set's image files are read. Levels that were to be recognised are; 256 where no file has 16-bit
// samples.
func (s Set) Reading() Reading {
	if len(s) == 0 {
		return Reading{Exif: ExifApply}
	}
	how := s[0].howRead()
	exif := ExifApply
	if how.Exif != "" {
		exif = how.Exif
	}
	return Reading{how.levels(), exif, how.Frame}
}

// howRead is the sample's reading; a sample that was made alone is its own data set.
func (s Sample) howRead() *reading {
	if s.reading == nil {
		return newReading(Reading{}, Set{s})
	}
	return s.reading
}

// levels are the given ones or those that all files need, which are found once.
func (r *reading) levels() int {
	if r.Levels != 0 {
		return r.Levels
	}
	r.once.Do(func() { r.found = recogniseLevels(r.files) })
	return r.found
}

// recogniseLevels is the fewest levels, of those that cameras have, that hold every sample of the 16-bit files. A file that
// cannot be read says so when it is its turn.
func recogniseLevels(files []string) int {
	var most atomic.Uint32
	inParallel(context.Background(), len(files), func(i int) {
		if head, err := picture.FileHeader(files[i]); err != nil || !head.Deep {
			return
		}
		pic, _, err := picture.DecodeFile(files[i])
		if err != nil || len(pic.Deep) == 0 {
			return
		}
		highest := uint32(slices.Max(pic.Deep))
		for old := most.Load(); highest > old && !most.CompareAndSwap(old, highest); old = most.Load() {
		}
	})
	for _, levels := range []int{1 << 8, 1 << 10, 1 << 12, 1 << 14} {
		if int(most.Load()) < levels {
			return levels
		}
	}
	return picture.FullLevels
}

// file reads a picture, scaled to 8 bits and turned.
func (r *reading) file(path string) (picture.Raster, picture.Header, error) {
	pic, head, err := picture.DecodeFile(path)
	if err != nil {
		return picture.Raster{}, head, err
	}
	if pic.Deep != nil {
		if pic, err = pic.Scaled(r.levels()); err != nil {
			return picture.Raster{}, head, fmt.Errorf("%s: %w", Printable(path), err)
		}
	}
	return pic.Turned(r.facing(head)), head, nil
}

// facing is the orientation that a picture is turned by.
func (r *reading) facing(head picture.Header) int { return head.Facing(r.Exif != ExifIgnore) }
