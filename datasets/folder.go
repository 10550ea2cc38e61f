package datasets

import (
	"fmt"
	"path/filepath"
	"strings"
)

// folderNames are where a Folder's images lie.
type folderNames struct{ normal, abnormal, masks string }

// What people call these folders; the first that exists is taken.
var (
	normalNames   = []string{"normal", "good", "ok"}
	abnormalNames = []string{"abnormal", "anomalous", "anomaly", "bad", "defect", "defective", "ko", "ng"}
	maskNames     = []string{"masks", "mask", "ground_truth", "gt"}
)

// Folder opens images of your own: a folder of normal images, one of anomalous images (optional; its subfolders are kinds
// of defect) and one of masks (optional; but if it is there, it must have the mask of every anomalous image). Without
// Normal, Abnormal and Masks it looks in dir for folders of the usual names: normal, good or ok; abnormal, bad, defect, …;
// masks, ground_truth, …. Four fifths of the normal images train, chosen by Seed or listed by Split.
//
// A dir with train/good and test, as MVTec AD has them, keeps that division.
func Folder(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts, "Split", "Normal, Abnormal or Masks")
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	if layout, ok := dividedFolder(dir); ok && s.folder == (folderNames{}) {
		if s.split != "" {
			return nil, fmt.Errorf("folder: the option Split does not apply: %s has a train and a test folder", dir)
		}
		return layout.openWith(dir, s)
	}
	data, err := openUndivided(dir, s)
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	return data, nil
}

// dividedFolder tells whether dir has train/NORMAL or train with images in it, and test, and how.
func dividedFolder(dir string) (tree, bool) {
	if !dirExists(filepath.Join(dir, "test")) {
		return tree{}, false
	}
	layout := tree{name: "folder", test: "test", truth: firstFolder(dir, maskNames), normal: firstFolder(filepath.Join(dir, "test"), normalNames)}
	layout.unmasked = layout.truth == ""
	if normal := firstFolder(filepath.Join(dir, "train"), normalNames); normal != "" {
		layout.train = "train/" + normal
		return layout, true
	}
	layout.train = "train"
	images, err := listImages(filepath.Join(dir, "train"))
	return layout, err == nil && len(images) > 0
}

// firstFolder is the first of the names that is a folder in dir, or empty.
func firstFolder(dir string, names []string) string {
	for _, name := range names {
		if dirExists(filepath.Join(dir, name)) {
			return name
		}
	}
	return ""
}

func openUndivided(dir string, s settings) (*Data, error) {
	names, err := s.folder.resolve(dir)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	class := filepath.Base(abs)
	normal, err := listOwn(names.normal, class, func(string) string { return Good })
	if err != nil {
		return nil, err
	}
	abnormal, err := listAbnormal(names, class)
	if err != nil {
		return nil, err
	}
	train, rest, err := s.divideNormal(normal, abnormal)
	if err != nil {
		return nil, err
	}
	return s.data("folder/"+class, names.normal, train, nil, append(rest, abnormal...))
}

// resolve turns the names into paths, looking for the usual ones where none was given.
func (n folderNames) resolve(dir string) (folderNames, error) {
	paths := folderNames{resolveFolder(dir, n.normal, normalNames), resolveFolder(dir, n.abnormal, abnormalNames), resolveFolder(dir, n.masks, maskNames)}
	if paths.normal == "" {
		return paths, fmt.Errorf("no folder of normal images in %s: looked for %s", dir, strings.Join(normalNames, ", "))
	}
	for _, p := range []string{paths.normal, paths.abnormal, paths.masks} {
		if p != "" && !dirExists(p) {
			return paths, fmt.Errorf("%s is no folder", p)
		}
	}
	return paths, nil
}

func resolveFolder(dir, given string, usual []string) string {
	switch {
	case filepath.IsAbs(given):
		return given
	case given != "":
		return filepath.Join(dir, given)
	}
	if name := firstFolder(dir, usual); name != "" {
		return filepath.Join(dir, name)
	}
	return ""
}

// listOwn lists the images in folder and below it; defectOf names an image's defect by its path in the folder.
func listOwn(folder, class string, defectOf func(string) string) (Set, error) {
	names, err := listImageTree(folder)
	if err != nil {
		return nil, err
	}
	set := make(Set, len(names))
	for i, name := range names {
		full := filepath.ToSlash(filepath.Join(filepath.Base(folder), name))
		set[i] = fileSample(full, class, defectOf(name), fileSource{image: filepath.Join(folder, name)})
	}
	return set, nil
}

// listAbnormal lists the anomalous images, if there is a folder of them, with their masks, if there is a folder of those.
func listAbnormal(names folderNames, class string) (Set, error) {
	if names.abnormal == "" {
		return nil, nil
	}
	set, err := listOwn(names.abnormal, class, func(name string) string {
		if sub := filepath.Dir(name); sub != "." {
			return filepath.ToSlash(sub)
		}
		return filepath.Base(names.abnormal)
	})
	if err == nil && len(set) == 0 {
		err = fmt.Errorf("no image in %s", names.abnormal)
	}
	if err != nil || names.masks == "" {
		return set, err
	}
	return set, addMasks(set, names)
}

func addMasks(set Set, names folderNames) error {
	finders := map[string]maskFinder{}
	for i := range set {
		below, err := filepath.Rel(names.abnormal, filepath.Dir(set[i].Path))
		if err != nil {
			return err
		}
		dir := filepath.Join(names.masks, below)
		if _, ok := finders[dir]; !ok {
			if finders[dir], err = newMaskFinder(dir); err != nil {
				return err
			}
		}
		src := set[i].pixels.(fileSource)
		if err := finders[dir].addTo(&src); err != nil {
			return err
		}
		set[i].pixels = src
	}
	return nil
}
