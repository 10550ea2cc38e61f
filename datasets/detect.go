package datasets

import (
	"fmt"
	"path/filepath"
	"strings"
)

// signs tell a kind of data set by what lies in its folder. The first that fits decides, so the more special come first.
var signs = []struct {
	kind string
	fits func(dir string) bool
}{
	{"mtd", func(dir string) bool { return dirExists(filepath.Join(dir, "MT_Free", "Imgs")) }},
	{"mstc", func(dir string) bool { return dirExists(filepath.Join(dir, "testing", "test_pixel_mask")) }},
	{"visa", func(dir string) bool {
		return dirExists(filepath.Join(dir, "split_csv")) || dirExists(filepath.Join(dir, "1cls"))
	}},
	{"mvtec2", mvtec2.fits},
	{"loco", loco.fits},
	{"btad", btad.fits},
	{"mvtec", mvtec.fits},
	{"dagm", func(dir string) bool { return dagmLayout.firstClass(dir) != "" }},
	{"ksdd2", func(dir string) bool {
		names, _ := listImages(filepath.Join(dir, "train"))
		return len(names) > 0 && strings.HasSuffix(stem(names[len(names)-1]), "_GT")
	}},
	{"folder", func(dir string) bool {
		_, divided := dividedFolder(dir)
		return divided || firstFolder(dir, normalNames) != ""
	}},
}

// Detect tells which kind of data set lies in dir, for Open.
func Detect(dir string) (kindName string, err error) {
	if _, err := listDirs(dir); err != nil {
		return "", err
	}
	for _, sign := range signs {
		if sign.fits(dir) {
			return sign.kind, nil
		}
	}
	return "", fmt.Errorf("%s: no data set of a known layout; one of your own needs a folder of normal images called %s", Printable(dir), strings.Join(normalNames, " or "))
}

// fits tells whether the first class in dir has all the folders of the layout.
func (t tree) fits(dir string) bool {
	class := t.firstClass(dir)
	if class == "" {
		return false
	}
	for _, folder := range []string{t.validation, t.test, t.truth} {
		if folder != "" && !dirExists(filepath.Join(class, folder)) {
			return false
		}
	}
	return true
}

// firstClass is the folder of a class: dir itself or the first in it, or empty.
func (t tree) firstClass(dir string) string {
	if t.isClass(dir) {
		return dir
	}
	if classes, err := t.classes(dir); err == nil && len(classes) > 0 {
		return filepath.Join(dir, classes[0])
	}
	return ""
}
