package datasets

import (
	"fmt"
	"regexp"
	"strings"
)

// Option changes how a data set is opened. One that a kind has no use for is an error, so that no wish is ignored silently.
type Option func(*settings)

type settings struct {
	h, w   int
	seed   int64
	split  string
	class  string
	group  *regexp.Regexp
	notes  []string
	skip   func(name string, err error)
	folder folderNames
	counts *[3]int
	err    error

	reading     Reading
	maskRule    maskRule
	maskPattern string
}

// DefaultSize is the input's height and width in pixels unless Size or SizeHW says otherwise.
const DefaultSize = 256

// Size sets the input size to n×n pixels.
func Size(n int) Option { return SizeHW(n, n) }

// SizeHW sets the input size to h×w pixels (height first, as in the shape of a tensor).
func SizeHW(h, w int) Option {
	return func(s *settings) {
		if h < 1 || w < 1 {
			s.fail("size %d×%d: both sides must be positive", h, w)
		}
		s.h, s.w = h, w
	}
}

// Seed chooses the random division into training and test images, or the pictures of Synthetic. The default is 0.
func Seed(n int64) Option { return func(s *settings) { s.seed = n } }

// Split names a file that says which images train. For MTD and Folder it is a list of names, one a line, with or without
// folders and extension as long as no two images fit; '#' begins a comment. For VisA it is one of its split_csv files. For
// MTD it may be Published.
func Split(file string) Option { return func(s *settings) { s.split = file } }

// Class chooses the object class of a data set that has several.
func Class(name string) Option { return func(s *settings) { s.class = name } }

// SkipBad lets a data set with bad files be used without them. Each file that is left out, by the constructor or by Check,
// is reported to f with the reason; f may be nil.
func SkipBad(f func(name string, err error)) Option {
	if f == nil {
		f = func(string, error) {}
	}
	return func(s *settings) { s.skip = f }
}

// Levels sets the number of levels of 16-bit images, such as 4096 for a 12-bit camera. Without it they are recognised over
// all files of the data set: the fewest of 256, 1024, 4096, 16384 and 65536 that hold every sample.
func Levels(n int) Option { return func(s *settings) { s.reading.Levels = n } }

// Exif says what becomes of an EXIF orientation: ExifApply, the default, turns images and masks as a viewer does,
// ExifIgnore reads them as Pillow's plain open does, which turns TIFF files only.
func Exif(mode string) Option { return func(s *settings) { s.reading.Exif = mode } }

// Counts sets how many pictures Synthetic makes: train normal ones to train, good normal and bad anomalous ones to test.
func Counts(train, good, bad int) Option {
	return func(s *settings) {
		if train < 1 || good < 0 || bad < 0 {
			s.fail("counts %d, %d, %d: at least one picture must train, and none can be negative", train, good, bad)
		}
		s.counts = &[3]int{train, good, bad}
	}
}

// Normal names the folder of normal images of a Folder, within its directory or as an absolute path.
func Normal(dir string) Option { return func(s *settings) { s.folder.normal = dir } }

// Abnormal names the folder of anomalous images of a Folder, within its directory or as an absolute path. Its subfolders
// are kinds of defect.
func Abnormal(dir string) Option { return func(s *settings) { s.folder.abnormal = dir } }

// Masks names the folder of masks of a Folder, within its directory or as an absolute path. The mask of scratch/7.jpg in
// the abnormal folder is scratch/7_mask, 7_GT, 7_seg, 7_label or 7 in it, with the extension of any image format; where
// there is also a scratch/7.png, it is 7.jpg_mask and so on. Without such a folder, 7_mask.png and its like may lie beside
// the image. What a mask's pixels mean is recognised unless MaskAbove says it; Check reports what was assumed.
func Masks(dir string) Option { return func(s *settings) { s.folder.masks = dir } }

// MaskPattern says how masks are called: the mask's file with {stem} for the image's name without extension, or {name} for
// all of it, such as "{stem}-defect.png".
func MaskPattern(pattern string) Option {
	return func(s *settings) {
		if !strings.Contains(pattern, "{stem}") && !strings.Contains(pattern, "{name}") {
			s.fail("mask pattern %q: it has neither {stem} nor {name}", pattern)
		}
		s.maskPattern = pattern
	}
}

// MaskAbove says that a mask's pixel is anomalous where one of its channels, in 8 bits, is greater than n, and nothing else
// is assumed.
func MaskAbove(n int) Option {
	return func(s *settings) {
		if n < 0 || n > 254 {
			s.fail("masks above %d: it is 0 to 254", n)
		}
		s.maskRule = maskRule{true, uint8(n)}
	}
}

func (s *settings) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// apply resolves the options for a kind that has use for the named ones besides Size, SizeHW, Seed and SkipBad.
func apply(opts []Option, uses ...string) (settings, error) {
	s := settings{h: DefaultSize, w: DefaultSize}
	for _, o := range opts {
		o(&s)
	}
	if err := s.reading.Check(); err != nil {
		s.fail("%w", err)
	}
	given := map[string]bool{"Split": s.split != "", "Class": s.class != "", "Counts": s.counts != nil, "Normal, Abnormal or Masks": s.folder != folderNames{}, "MaskPattern": s.maskPattern != "", "MaskAbove": s.maskRule.fixed}
	for _, u := range uses {
		delete(given, u)
	}
	for name, set := range given {
		if set {
			s.fail("the option %s does not apply to this kind of data set", name)
		}
	}
	return s, s.err
}
