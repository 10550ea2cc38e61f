package datasets

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Reading says how image files become 8-bit pictures the right way up. All pictures of a data set are read alike, and a
// detector must read what it scores as it read what it was trained on.
type Reading struct {
	Levels int    // of 16-bit samples: 4096 for a 12-bit camera; 0 recognises them over all files of the set
	Exif   string // ExifApply turns pictures as a viewer does ("" means it too); ExifIgnore reads them as Pillow opens them
}

// The values of Reading.Exif.
const (
	ExifApply  = "apply"
	ExifIgnore = "ignore"
)

// fullLevels is the number of values of a 16-bit sample.
const fullLevels = 1 << 16

// Check tells what is wrong with r.
func (r Reading) Check() error {
	if r.Levels != 0 && (r.Levels < 2 || r.Levels > fullLevels) {
		return fmt.Errorf("%d levels: they are 2 to %d, or 0 to recognise them", r.Levels, fullLevels)
	}
	if !slices.Contains([]string{"", ExifApply, ExifIgnore}, r.Exif) {
		return fmt.Errorf("EXIF orientation %q: it is %s or %s", r.Exif, ExifApply, ExifIgnore)
	}
	return nil
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
	return Reading{how.levels(), exif}
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
		if head, err := decodeHeader(files[i]); err != nil || !head.deep {
			return
		}
		pic, _, err := decodeFile(files[i])
		if err != nil || len(pic.deep) == 0 {
			return
		}
		highest := uint32(slices.Max(pic.deep))
		for old := most.Load(); highest > old && !most.CompareAndSwap(old, highest); old = most.Load() {
		}
	})
	for _, levels := range []int{1 << 8, 1 << 10, 1 << 12, 1 << 14} {
		if int(most.Load()) < levels {
			return levels
		}
	}
	return fullLevels
}

// facing is the orientation that a picture is turned by. Pillow turns TIFF files, and no others, when it opens them.
func (r *reading) facing(head header) int {
	if r.Exif == ExifIgnore && head.tiff == nil {
		return 1
	}
	return head.orientation
}

// file reads a picture, scaled to 8 bits and turned.
func (r *reading) file(path string) (raster, header, error) {
	pic, head, err := decodeFile(path)
	if err != nil {
		return raster{}, head, err
	}
	if pic.deep != nil {
		if pic, err = pic.scaled(r.levels()); err != nil {
			return raster{}, head, fmt.Errorf("%s: %w", path, err)
		}
	}
	return pic.turned(r.facing(head)), head, nil
}

// mostClipped is the share of a picture's samples that may lie above its levels, such as a sensor's stuck pixels.
const mostClipped = 0.01

// scaled is the picture with 8-bit samples, ⌊256·v/levels⌋. Of full 16 bits that is the upper byte.
func (r raster) scaled(levels int) (raster, error) {
	out := newRaster(r.w, r.h, r.ch)
	above, highest := 0, uint16(0)
	for i, v := range r.deep {
		if int(v) >= levels {
			above, highest = above+1, max(highest, v)
		}
		out.pix[i] = uint8(min(int(v)<<8/levels, 255))
	}
	if float64(above) > mostClipped*float64(len(r.deep)) {
		return raster{}, fmt.Errorf("%d of its 16-bit samples, up to %d, lie above the %d levels that the data are read with; give the number of levels", above, highest, levels)
	}
	return out, nil
}
