package datasets

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// listImages returns the names of the image files in dir, sorted. Hidden files are none.
func listImages(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if isImageName(e.Name()) && !isDir(dir, e) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// listDirs returns the names of the folders in dir, sorted, links to folders included.
func listDirs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && isDir(dir, e) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// listImageTree returns the image files in dir and the folders below it, sorted, as paths relative to dir. Links to folders
// are followed, but no folder is entered twice: aliases are the links, relative to dir, that lead to one that is listed
// already.
func listImageTree(dir string) (images, aliases []string, err error) {
	w := folderWalk{root: dir}
	err = w.run()
	return w.images, w.aliases, err
}

// folderWalk is a walk through a folder.
type folderWalk struct {
	root    string
	except  []string // folders that are left out
	entered []os.FileInfo
	links   []string // to folders, still to be entered
	images  []string
	aliases []string
}

// run walks through all folders, whatever cannot be listed, and returns the errors of those.
func (w *folderWalk) run() error {
	errs := []error{w.enter(".")}
	for len(w.links) > 0 { // after all true folders, so that these are listed under their own names
		link := w.links[0]
		w.links = w.links[1:]
		errs = append(errs, w.enter(link))
	}
	slices.Sort(w.images)
	return errors.Join(errs...)
}

func (w *folderWalk) enter(folder string) error {
	dir := filepath.Join(w.root, folder)
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(w.except, func(e string) bool { return contains(e, dir) }) {
		return nil
	}
	if slices.ContainsFunc(w.entered, func(known os.FileInfo) bool { return os.SameFile(known, info) }) {
		w.aliases = append(w.aliases, folder)
		return nil
	}
	w.entered = append(w.entered, info)
	images, err := listImages(dir)
	if err != nil {
		return err
	}
	for _, name := range images {
		w.images = append(w.images, filepath.Join(folder, name))
	}
	return w.enterBelow(folder)
}

func (w *folderWalk) enterBelow(folder string) error {
	dirs, err := listDirs(filepath.Join(w.root, folder))
	errs := []error{err}
	for _, name := range dirs {
		below := filepath.Join(folder, name)
		if info, err := os.Lstat(filepath.Join(w.root, below)); err == nil && info.Mode()&os.ModeSymlink != 0 {
			w.links = append(w.links, below)
		} else {
			errs = append(errs, w.enter(below))
		}
	}
	return errors.Join(errs...)
}

// imageExtensions are the file names that the folder layouts take for images.
var imageExtensions = map[string]bool{
	".jpg": true, ".jpeg": true, ".png": true, ".bmp": true, ".tif": true, ".tiff": true, ".webp": true,
}

func isImageName(name string) bool {
	return imageExtensions[strings.ToLower(filepath.Ext(name))] && !strings.HasPrefix(name, ".")
}

// isDir follows links.
func isDir(dir string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink != 0 {
		return dirExists(filepath.Join(dir, e.Name()))
	}
	return e.IsDir()
}

func dirExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Printable is a file's name as a terminal may show it: one with characters that would move the cursor, hide text or begin a
// new line is quoted. All errors and notes of this package show names so.
func Printable(name string) string { return picture.Printable(name) }

// printables is a list of names.
func printables(names []string, separator string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = Printable(name)
	}
	return strings.Join(shown, separator)
}
