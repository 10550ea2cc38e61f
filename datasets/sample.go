package datasets

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// Sample is one image and what is known about it. Its pixels are read when Load is called, and not kept.
type Sample struct {
	Name      string // unique in its data set: the path below the data set's folder, or what a generator calls it
	Class     string // the kind of object
	Defect    string // the kind of defect; Good for a normal sample
	Anomalous bool
	Group     string // the physical part that is shown, where several images show the same one; empty: a part of its own
	Path      string // the image file; empty if there is none
	H, W      int    // the input size in pixels that its data set was opened with; 0 if it was made alone

	pixels  source
	view    *View    // what is seen; nil: what the reading's Frame says
	asIs    bool     // a tile: the Frame was applied before
	reading *reading // shared by the samples of a data set; nil for one that was made alone
}

// source is where a sample's pixels come from.
type source interface {
	// read returns the picture and its mask at their own size. The mask is nil if the truth is not known.
	read(how *reading) (picture.Raster, *Mask, error)
	// hasMask tells whether read returns a mask.
	hasMask() bool
	// check reports what read would fail on. Short of decoding, it reads headers only.
	check(how *reading, depth Depth) (found facts, err error)
}

// facts are what a check learns on its way.
type facts struct {
	size      image.Point        // as shown
	turned    bool               // by its EXIF orientation
	deep      bool               // 16-bit samples
	pages     int                // of a TIFF file
	noMask    string             // why an image that should have a mask has none
	mask      *Mask              // known after decoding only
	traits    maskTraits         // what was assumed of it
	emptyMask bool               // it marks nothing
	fullMask  bool               // it marks everything
	vanished  bool               // it marks nothing at the input size
	picture   *[sha256.Size]byte // what its pixels sum to; known after decoding a file only
	flat      bool               // all its pixels are of one colour; likewise
}

// Load reads the sample and resizes it to h×w pixels: the image by Lanczos, the mask by the nearest pixel, both as Pillow
// does. What is seen of it is as its Reading's Frame says. With h and w 0 both are whole and of their own size. The mask of a normal sample
// is all zero; it is nil if the sample is anomalous but no one has drawn where. Errors name the file.
func (s Sample) Load(h, w int) (*Image, *Mask, error) {
	im, mask, _, err := s.load(h, w)
	return im, mask, err
}

// load also tells what is seen.
func (s Sample) load(h, w int) (*Image, *Mask, View, error) {
	if (h < 1 || w < 1) && (h != 0 || w != 0) {
		return nil, nil, View{}, fmt.Errorf("%s: cannot resize to %d×%d pixels (h×w)", Printable(s.Name), h, w)
	}
	if s.pixels == nil {
		return nil, nil, View{}, fmt.Errorf("sample %q has no pixels: it was not made by this package", s.Name)
	}
	how := s.howRead()
	pic, mask, err := s.pixels.read(how)
	if err != nil {
		return nil, nil, View{}, err
	}
	if h == 0 {
		return imageOf(pic), mask, wholeView(pic.W, pic.H), nil
	}
	frame := how.Frame
	if s.asIs {
		frame = nil
	}
	view := frame.View(pic.W, pic.H, w, h)
	if s.view != nil {
		view = *s.view
	}
	if mask != nil {
		mask = frame.seenMask(mask, view, w, h)
	}
	return imageOf(frame.seen(pic, view, w, h)), mask, view, nil
}

// Seeing is the sample with another view of its picture.
func (s Sample) Seeing(v View) Sample {
	s.view = &v
	return s
}

// HasMask tells whether it is known which of the sample's pixels are anomalous. (Of a normal sample it is: none.)
func (s Sample) HasMask() bool { return s.pixels != nil && s.pixels.hasMask() }

// Files makes a set of image files of which nothing else is known, to be scored. They count as normal.
func Files(paths ...string) Set {
	set := make(Set, len(paths))
	for i, path := range paths {
		set[i] = fileSample(filepath.ToSlash(path), "", Good, fileSource{image: path, unlabelled: true})
	}
	set.readBy(newReading(Reading{}, set))
	return set
}

// NewSample makes a sample of a picture in memory. mask is nil for a normal sample; an anomalous one has defect other than
// Good, and then a nil mask means that its place is unknown.
func NewSample(name, class, defect string, im *Image, mask *Mask) Sample {
	return Sample{
		Name: name, Class: class, Defect: defect, Anomalous: defect != Good,
		pixels: memorySource{picture.Raster{W: im.W, H: im.H, Ch: 3, Pix: im.Pix}.CompactClone(), mask.clone(), defect != Good},
	}
}

// fileSample makes the sample of an image file. It is anomalous unless its defect is Good.
func fileSample(name, class, defect string, src fileSource) Sample {
	src.anomalous = defect != Good
	return Sample{Name: name, Class: class, Defect: defect, Anomalous: src.anomalous, Path: src.image, pixels: src}
}

// memorySource is a picture that is already there.
type memorySource struct {
	pic       picture.Raster
	mask      *Mask
	anomalous bool
}

func (m memorySource) hasMask() bool { return m.mask != nil || !m.anomalous }

func (m memorySource) read(*reading) (picture.Raster, *Mask, error) {
	if m.mask == nil && !m.anomalous {
		return m.pic.Clone(), blankMask(m.pic), nil
	}
	return m.pic.Clone(), m.mask.clone(), nil
}

func (m memorySource) check(*reading, Depth) (facts, error) {
	found := facts{size: image.Pt(m.pic.W, m.pic.H)}
	if m.mask == nil {
		return found, nil
	}
	found.mask = m.mask
	return found, sameSize(m.pic.W, m.pic.H, m.mask.W, m.mask.H)
}

// fileSource is an image file with any number of mask files; a pixel is anomalous if one of them says so.
type fileSource struct {
	image      string
	masks      []string
	rule       maskRule
	noMask     string // why an image that should have a mask has none
	unclear    error  // several files could be its mask
	anomalous  bool
	unlabelled bool
}

func (f fileSource) hasMask() bool { return !f.unlabelled && (!f.anomalous || len(f.masks) > 0) }

func (f fileSource) read(how *reading) (picture.Raster, *Mask, error) {
	pic, mask, _, err := f.readWithTraits(how)
	return pic, mask, err
}

// readWithTraits also tells what was assumed of the masks.
func (f fileSource) readWithTraits(how *reading) (picture.Raster, *Mask, maskTraits, error) {
	if f.unclear != nil {
		return picture.Raster{}, nil, 0, f.unclear
	}
	pic, _, err := how.file(f.image)
	if err != nil || !f.hasMask() {
		return pic, nil, 0, err
	}
	mask, traits := blankMask(pic), maskTraits(0)
	for _, path := range f.masks {
		more, assumed, err := decodeMask(how, path, f.rule)
		if err != nil {
			return picture.Raster{}, nil, 0, f.missingMask(path, err)
		}
		if err := sameSize(mask.W, mask.H, more.W, more.H); err != nil {
			return picture.Raster{}, nil, 0, fmt.Errorf("%s: %w", Printable(path), err)
		}
		traits |= assumed
		for i, v := range more.Pix {
			mask.Pix[i] |= v
		}
	}
	return pic, mask, traits, nil
}

// missingMask says whose mask it is that is not there.
func (f fileSource) missingMask(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: its mask is missing: %w", Printable(f.image), err)
	}
	return err
}

func (f fileSource) check(how *reading, depth Depth) (facts, error) {
	head, err := picture.FileHeader(f.image)
	if err := errors.Join(err, f.unclear); err != nil {
		return facts{}, err
	}
	found := facts{size: head.Shown(how.facing(head)), turned: how.facing(head) != 1, deep: head.Deep, pages: head.Pages, noMask: f.noMask}
	if depth == Pixels {
		var pic picture.Raster
		pic, found.mask, found.traits, err = f.readWithTraits(how)
		found.picture, found.flat = pic.Sum(), err == nil && oneColour(pic.Pix, pic.Ch)
		return found, err
	}
	for _, path := range f.masks {
		other, err := picture.FileHeader(path)
		if err != nil {
			return facts{}, f.missingMask(path, err)
		}
		size := other.Shown(how.facing(other))
		if err := sameSize(found.size.X, found.size.Y, size.X, size.Y); err != nil {
			return facts{}, fmt.Errorf("%s: %w", Printable(path), err)
		}
	}
	return found, nil
}

// oneColour tells whether all pixels of ch bytes are the same.
func oneColour(pix []uint8, ch int) bool {
	return len(pix) > ch && bytes.Equal(pix[ch:], pix[:len(pix)-ch])
}

func blankMask(pic picture.Raster) *Mask { return &Mask{pic.W, pic.H, make([]uint8, pic.W*pic.H)} }

func sameSize(w, h, maskW, maskH int) error {
	if w != maskW || h != maskH {
		return fmt.Errorf("the mask has %d×%d pixels, its image %d×%d", maskW, maskH, w, h)
	}
	return nil
}

// stem is a file's name without folder and extension.
func stem(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
