package datasets

import (
	"errors"
	"fmt"
	"path/filepath"
)

// ErrNoImages is wrapped by the problem of a folder without images.
var ErrNoImages = errors.New("no image")

// Find lists image files for Files: of paths, a file is taken whatever it is called, and a folder is searched together
// with those below it, in the order of names, as a data set's folders are: hidden files and folders are left out, links are
// followed, and no folder is entered twice. Nothing is taken from folders that lie in one of except, and nothing twice.
// A folder that cannot be listed, or has no image, is a problem; a file is not looked at here.
func Find(paths []string, except ...string) (images []string, problems []Problem) {
	seen := map[string]bool{}
	for _, path := range paths {
		found := []string{path}
		if dirExists(path) {
			var err error
			if found, err = findIn(path, except); err != nil {
				problems = append(problems, Problem{path, err})
			}
		}
		for _, name := range found {
			if key := filepath.Clean(name); !seen[key] {
				seen[key] = true
				images = append(images, name)
			}
		}
	}
	return images, problems
}

func findIn(dir string, except []string) ([]string, error) {
	w := folderWalk{root: dir, except: except}
	err := w.run()
	images := make([]string, len(w.images))
	for i, name := range w.images {
		images[i] = filepath.Join(dir, name)
	}
	if err == nil && len(images) == 0 {
		err = fmt.Errorf("%s: %w in it", Printable(dir), ErrNoImages)
	}
	return images, err
}
