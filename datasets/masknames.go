package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maskSuffixes stand between an image's name and the extension in the name of its mask, in small or capital letters.
var maskSuffixes = []string{"_mask", "_gt", "_seg", "_label"}

// cutMaskSuffix takes the suffix of a mask off a name without extension.
func cutMaskSuffix(name string) (before string, found bool) {
	for _, suffix := range maskSuffixes {
		if at := len(name) - len(suffix); at > 0 && strings.EqualFold(name[at:], suffix) {
			return name[:at], true
		}
	}
	return name, false
}

// maskFinder finds the masks of the images of one folder in a folder of masks, which is read once.
type maskFinder struct {
	dir      string
	pattern  string              // from MaskPattern
	plain    map[string][]string // files by their name without extension
	suffixed map[string][]string // and by that without suffix, where they have one
	dirs     map[string]bool
}

// newMaskFinder reads dir. A folder that is missing holds no masks.
func newMaskFinder(dir, pattern string) (maskFinder, error) {
	finder := maskFinder{dir, pattern, map[string][]string{}, map[string][]string{}, map[string]bool{}}
	if !dirExists(dir) {
		return finder, nil
	}
	names, err := listImages(dir)
	if err != nil {
		return finder, err
	}
	for _, name := range names {
		finder.plain[stem(name)] = append(finder.plain[stem(name)], name)
		if base, ok := cutMaskSuffix(stem(name)); ok {
			finder.suffixed[base] = append(finder.suffixed[base], name)
		}
	}
	dirs, err := listDirs(dir)
	for _, d := range dirs {
		finder.dirs[d] = true
	}
	return finder, err
}

// find returns the masks of image: the file that the pattern names; or STEM_mask, STEM_GT, STEM_seg, STEM_label or STEM of
// any image format, or all images of a folder STEM. An image that shares its stem with another is told from it by its whole
// name in place of STEM. Where there is none, or it is not clear whose it is, the reason is told and the image has no mask. Where
// several could be the one, err is an unclearMask.
func (m maskFinder) find(image string, shared bool) (masks []string, reason string, err error) {
	name := stem(image)
	if m.pattern != "" {
		return m.byPattern(image)
	}
	if shared {
		name = filepath.Base(image)
	}
	found := slices.DeleteFunc(slices.Concat(m.suffixed[name], m.plain[name]), func(file string) bool { return filepath.Join(m.dir, file) == image })
	if shared && len(found) == 0 && slices.Contains(m.plain[stem(image)], name) {
		found = []string{name} // of 1.jpg and 1.png the one with the same extension
	}
	switch {
	case len(found) == 1:
		return []string{filepath.Join(m.dir, found[0])}, "", nil
	case len(found) > 1:
		return nil, "", unclearMask{image, m.dir, found}
	case shared:
		return nil, "another image has the same name but for the extension, so that no mask in " + m.dir + " is surely its own", nil
	}
	if !m.dirs[name] {
		return nil, fmt.Sprintf("there is none in %s: looked for %s_mask, %[2]s_GT, %[2]s_seg, %[2]s_label and %[2]s", Printable(m.dir), Printable(name)), nil
	}
	return listMasks(filepath.Join(m.dir, name))
}

// unclearMask says that several files could be an image's mask.
type unclearMask struct {
	image, dir string
	files      []string
}

func (u unclearMask) Error() string {
	return fmt.Sprintf("%s: %s in %s could each be its mask; take the others away, or say by a pattern for masks (--mask-pattern) how the right ones are called",
		Printable(u.image), printables(u.files, " and "), Printable(u.dir))
}

func (m maskFinder) byPattern(image string) (masks []string, reason string, err error) {
	path := filepath.Join(m.dir, strings.NewReplacer("{stem}", stem(image), "{name}", filepath.Base(image)).Replace(m.pattern))
	if _, err := os.Stat(path); err != nil {
		return nil, "there is no " + path, nil
	}
	return []string{path}, "", nil
}

// listMasks lists a folder of masks of one image.
func listMasks(dir string) (masks []string, reason string, err error) {
	names, err := listImages(dir)
	if err == nil && len(names) == 0 {
		reason = "there is none in " + dir
	}
	for i := range names {
		names[i] = filepath.Join(dir, names[i])
	}
	return names, reason, err
}

// addMasks gives the images of the abnormal folder their masks.
func (s settings) addMasks(set Set, names folderNames) error {
	finders, stems := map[string]maskFinder{}, map[string]int{}
	for _, sample := range set {
		stems[withoutExtension(sample.Path)]++
	}
	for i := range set {
		below, err := filepath.Rel(names.abnormal, filepath.Dir(set[i].Path))
		if err != nil {
			return err
		}
		dir := filepath.Join(names.masks, below)
		if _, ok := finders[dir]; !ok {
			if finders[dir], err = newMaskFinder(dir, s.maskPattern); err != nil {
				return err
			}
		}
		src := set[i].pixels.(fileSource)
		src.rule = s.maskRule
		masks, reason, err := finders[dir].find(src.image, stems[withoutExtension(set[i].Path)] > 1)
		if unclear := (unclearMask{}); errors.As(err, &unclear) {
			src.unclear = unclear
		} else if err != nil {
			return err
		}
		src.noMask = reason
		src.setMasks(masks...)
		set[i].pixels = src
	}
	return nil
}

func withoutExtension(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) }

// withoutMasksBeside takes the masks out of a list of images among which they lie: 7_mask.png where there is a 7.png or
// 7.jpg. With a pattern those are masks that it names.
func (s settings) withoutMasksBeside(set Set) (images Set, found bool) {
	masks, stems := map[string]bool{}, map[string]bool{}
	for _, sample := range set {
		stems[withoutExtension(sample.Path)] = true
		if s.maskPattern != "" {
			beside := maskFinder{dir: filepath.Dir(sample.Path), pattern: s.maskPattern}
			if paths, _, _ := beside.byPattern(sample.Path); len(paths) > 0 && paths[0] != sample.Path {
				masks[paths[0]] = true
			}
		}
	}
	for _, sample := range set {
		base, suffixed := cutMaskSuffix(withoutExtension(sample.Path))
		if masks[sample.Path] || s.maskPattern == "" && suffixed && stems[base] {
			found = true
		} else {
			images = append(images, sample)
		}
	}
	return images, found
}

// setMasks gives src its masks, or none and the reason if a file is missing.
func (f *fileSource) setMasks(paths ...string) {
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			f.masks, f.noMask = nil, "there is no "+path
			return
		}
	}
	f.masks = paths
}
