package datasets

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// folderNames are where a Folder's images lie.
type folderNames struct{ normal, abnormal, masks string }

// What people call these folders, in small or capital letters.
var (
	normalNames   = []string{"normal", "good", "ok"}
	abnormalNames = []string{"abnormal", "anomalous", "anomaly", "bad", "defect", "defective", "ko", "ng"}
	maskNames     = []string{"masks", "mask", "ground_truth", "gt"}
)

// Folder opens images of your own: a folder of normal images, one of anomalous images (optional; its subfolders are kinds
// of defect) and one of masks (optional, see Masks; an image without one counts for the image figures only). Without
// Normal, Abnormal and Masks it looks in dir for folders of the usual names, in small or capital letters: normal, good or
// ok; abnormal, bad, defect, …; masks, ground_truth, …. Two that fit are an error, and so are folders that lie within each
// other. Four fifths of the normal images train, chosen by Seed or listed by Split; copies of one picture stay together.
// The Notes say which folder was taken for what.
//
// A dir with train/good and test, as MVTec AD has them, keeps that division.
func Folder(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts, "Split", "Normal, Abnormal or Masks", "MaskPattern", "MaskAbove")
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	if layout, ok := dividedFolder(dir); ok && s.folder == (folderNames{}) {
		if s.split != "" {
			return nil, fmt.Errorf("folder: the option Split does not apply: %s has a train and a test folder", Printable(dir))
		}
		s.noteDivided(dir, layout)
		return layout.openWith(dir, s)
	}
	data, err := openUndivided(dir, s)
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	return data, nil
}

// noteDivided says which folder of a divided one was taken for what.
func (s *settings) noteDivided(dir string, layout tree) {
	note := fmt.Sprintf("training images: %s; test images: %s", Printable(filepath.Join(dir, layout.train)), Printable(filepath.Join(dir, layout.test)))
	if layout.normal != "" {
		note += ", normal ones in " + layout.normal
	}
	if layout.truth != "" {
		note += "; masks: " + filepath.Join(dir, layout.truth)
	}
	s.notes = append(s.notes, note)
	train, _, deeper := strings.Cut(layout.train, "/")
	taken := []string{filepath.Join(dir, train), filepath.Join(dir, layout.test)}
	if layout.truth != "" {
		taken = append(taken, filepath.Join(dir, layout.truth))
	}
	s.noteUnused(dir, taken...)
	if deeper {
		s.noteUnused(filepath.Join(dir, train), filepath.Join(dir, layout.train))
	}
}

// dividedFolder tells whether dir has train/NORMAL or train with images in it, and test, and how.
func dividedFolder(dir string) (tree, bool) {
	test := firstFolder(dir, []string{"test"})
	train := firstFolder(dir, []string{"train"})
	if test == "" || train == "" {
		return tree{}, false
	}
	layout := tree{name: "folder", test: test, truth: firstFolder(dir, maskNames), normal: firstFolder(filepath.Join(dir, test), normalNames), own: true}
	layout.unmasked = layout.truth == ""
	if normal := firstFolder(filepath.Join(dir, train), normalNames); normal != "" {
		layout.train = train + "/" + normal
		return layout, true
	}
	layout.train = train
	images, err := listImages(filepath.Join(dir, train))
	return layout, err == nil && len(images) > 0
}

// firstFolder is the first folder in dir that has one of the names, or empty.
func firstFolder(dir string, names []string) string {
	if found := foldersNamed(dir, names); len(found) > 0 {
		return found[0]
	}
	return ""
}

// foldersNamed lists the folders in dir that have one of the names, in small or capital letters.
func foldersNamed(dir string, names []string) []string {
	dirs, err := listDirs(dir)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(dirs, func(d string) bool { return !isNamed(d, names) })
}

func isNamed(folder string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(folder, name) })
}

func openUndivided(dir string, s settings) (*Data, error) {
	names, err := s.folder.resolve(dir)
	if err != nil {
		return nil, err
	}
	if err := names.apart(); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	class := filepath.Base(abs)
	normal, err := s.listOwn(names.normal, class, func(string) string { return Good }, abnormalNames)
	if err != nil {
		return nil, err
	}
	abnormal, err := s.listAbnormal(names, class)
	if err != nil {
		return nil, err
	}
	s.noteFolders(names, len(normal), len(abnormal))
	s.noteUnused(dir, names.normal, names.abnormal, names.masks)
	train, rest, err := s.divideNormal(normal, abnormal)
	if err != nil {
		return nil, err
	}
	return s.data("folder/"+class, names.normal, train, nil, append(rest, abnormal...))
}

// noteFolders says which folder was taken for what.
func (s *settings) noteFolders(names folderNames, normal, abnormal int) {
	note := fmt.Sprintf("normal images: the %d in %s; anomalous ones: ", normal, Printable(names.normal))
	if names.abnormal == "" {
		note += "none"
	} else {
		note += fmt.Sprintf("the %d in %s", abnormal, Printable(names.abnormal))
	}
	if names.masks == "" {
		note += "; masks: none"
	} else {
		note += "; masks: in " + names.masks
	}
	s.notes = append(s.notes, note)
}

// noteUnused names what lies in dir besides the folders that were taken.
func (s *settings) noteUnused(dir string, taken ...string) {
	dirs, err := listDirs(dir)
	if err != nil {
		return
	}
	used := func(d string) bool {
		return slices.ContainsFunc(taken, func(t string) bool { return t != "" && contains(filepath.Join(dir, d), t) })
	}
	if unused := slices.DeleteFunc(dirs, used); len(unused) > 0 {
		s.notes = append(s.notes, fmt.Sprintf("not used in %s: the folders %s", Printable(dir), printables(unused, ", ")))
	}
	if images, _ := listImages(dir); len(images) > 0 && !slices.Contains(taken, dir) {
		s.notes = append(s.notes, fmt.Sprintf("not used: %d images that lie directly in %s, such as %s", len(images), Printable(dir), Printable(images[0])))
	}
}

// resolve turns the names into paths, looking for the usual ones where none was given.
func (n folderNames) resolve(dir string) (paths folderNames, err error) {
	for _, r := range []struct {
		path   *string
		given  string
		usual  []string
		option string
	}{
		{&paths.normal, n.normal, normalNames, "Normal"},
		{&paths.abnormal, n.abnormal, abnormalNames, "Abnormal"},
		{&paths.masks, n.masks, maskNames, "Masks"},
	} {
		if *r.path, err = resolveFolder(dir, r.given, r.usual, r.option); err != nil {
			return paths, err
		}
	}
	if paths.normal == "" {
		return paths, fmt.Errorf("no folder of normal images in %s: looked for %s", Printable(dir), strings.Join(normalNames, ", "))
	}
	return paths, nil
}

func resolveFolder(dir, given string, usual []string, option string) (string, error) {
	if given != "" {
		path := given
		if !filepath.IsAbs(given) {
			path = filepath.Join(dir, given)
		}
		if !dirExists(path) {
			return "", fmt.Errorf("%s is no folder", Printable(path))
		}
		return path, nil
	}
	found := foldersNamed(dir, usual)
	if len(found) > 1 {
		return "", fmt.Errorf("%s has the folders %s: say which one is meant with %s (--%s)", Printable(dir), printables(found, " and "), option, strings.ToLower(option))
	}
	if len(found) == 0 {
		return "", nil
	}
	return filepath.Join(dir, found[0]), nil
}

// apart is an error if one of the folders lies within another, so that its images would be taken for both.
func (n folderNames) apart() error {
	roles := []struct{ name, path string }{{"normal images", n.normal}, {"anomalous images", n.abnormal}, {"masks", n.masks}}
	for i, a := range roles {
		for j, b := range roles {
			if i == j || a.path == "" || b.path == "" {
				continue
			}
			if contains(a.path, b.path) {
				return fmt.Errorf("the folder of %s, %s, contains that of %s, %s: whose are the images in it?", a.name, Printable(a.path), b.name, Printable(b.path))
			}
		}
	}
	return nil
}

// contains tells whether inner is outer or lies within it, links resolved.
func contains(outer, inner string) bool {
	rel, err := filepath.Rel(realPath(outer), realPath(inner))
	return err == nil && filepath.IsLocal(rel)
}

// realPath is the absolute path without links, as far as it can be known.
func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// listOwn lists the images in folder and below it; defectOf names an image's defect by its path in the folder. A folder
// below it whose name says the contrary, one of others, or that it holds masks, is an error.
func (s *settings) listOwn(folder, class string, defectOf func(string) string, others []string) (Set, error) {
	names, err := s.listTree(folder)
	if err != nil {
		return nil, err
	}
	if err := noneWithin(folder, names, others); err != nil {
		return nil, err
	}
	set := make(Set, len(names))
	for i, name := range names {
		full := filepath.ToSlash(filepath.Join(filepath.Base(folder), name))
		set[i] = fileSample(full, class, defectOf(name), fileSource{image: filepath.Join(folder, name)})
	}
	return set, nil
}

// noneWithin is an error if an image of folder lies in one below it that is called like one of others, or like masks.
func noneWithin(folder string, images, others []string) error {
	for _, name := range images {
		for _, part := range strings.Split(filepath.ToSlash(filepath.Dir(name)), "/") {
			if isNamed(part, others) || isNamed(part, maskNames) {
				return fmt.Errorf("%s lies in a folder %s within %s: is it what the inner folder's name says, or the outer's?", Printable(name), Printable(part), Printable(folder))
			}
		}
	}
	return nil
}

// listTree lists the images in folder and below it, and notes links to folders that were listed already.
func (s *settings) listTree(folder string) ([]string, error) {
	names, aliases, err := listImageTree(folder)
	for _, alias := range aliases {
		s.notes = append(s.notes, fmt.Sprintf("not used: %s is a link to a folder that is listed already", Printable(filepath.Join(folder, alias))))
	}
	return names, err
}

// listAbnormal lists the anomalous images, if there is a folder of them, with their masks, if there is a folder of those.
func (s *settings) listAbnormal(names folderNames, class string) (Set, error) {
	if names.abnormal == "" {
		return nil, nil
	}
	set, err := s.listOwn(names.abnormal, class, func(name string) string {
		if sub := filepath.Dir(name); sub != "." {
			return filepath.ToSlash(sub)
		}
		return filepath.Base(names.abnormal)
	}, normalNames)
	if err == nil && len(set) == 0 {
		err = fmt.Errorf("no image in %s", Printable(names.abnormal))
	}
	if err != nil {
		return nil, err
	}
	return s.withMasks(set, names)
}

// withMasks gives anomalous images their masks, which lie in a folder of their own or beside them.
func (s *settings) withMasks(set Set, names folderNames) (Set, error) {
	if names.masks == "" {
		images, beside := s.withoutMasksBeside(set)
		if !beside {
			return set, nil
		}
		s.notes = append(s.notes, fmt.Sprintf("%d masks lie beside their images in %s", len(set)-len(images), Printable(names.abnormal)))
		set, names.masks = images, names.abnormal
	}
	return set, s.addMasks(set, names)
}
