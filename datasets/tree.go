package datasets

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the layout that MVTec AD introduced and others vary: one folder a class, below it normal training images, test
// images in a folder for each kind of defect, and masks in folders of the same names.
type tree struct {
	name       string
	train      string // normal training images
	validation string // further normal images, or empty
	test       string // holds a folder of normal images and one for each defect
	truth      string // holds a folder of masks for each defect
	normal     string // the name of the test folder of normal images
	// unmasked says that there are no masks, and that this is no fault.
	unmasked bool
	// own says that somebody made the folders by themselves: images may lie in folders below them, and names vary.
	own bool
}

var (
	mvtec  = tree{"mvtec", "train/good", "", "test", "ground_truth", "good", false, false}
	btad   = tree{"btad", "train/ok", "", "test", "ground_truth", "ok", false, false}
	loco   = tree{"loco", "train/good", "validation/good", "test", "ground_truth", "good", false, false}
	mvtec2 = tree{"mvtec2", "train/good", "validation/good", "test_public", "test_public/ground_truth", "good", false, false}
)

// MVTec opens a class of MVTec AD: CLASS/{train/good, test/DEFECT/000.png, ground_truth/DEFECT/000_mask.png} in dir.
// Class says which; without it, dir must be the folder of a class.
func MVTec(dir string, opts ...Option) (*Data, error) { return mvtec.open(dir, opts) }

// BTAD opens a product of the BeanTech data set: {01,02,03}/{train/ok, test/{ok,ko}, ground_truth/ko} in dir. Class says
// which; without it, dir must be the folder of a product.
func BTAD(dir string, opts ...Option) (*Data, error) { return btad.open(dir, opts) }

// MVTecLOCO opens a class of MVTec LOCO AD. Its masks are several for each image, ground_truth/TYPE/000/000.png; they are
// united here. (LOCO's own measure, sPRO, saturates on each mask apart; it cannot be computed from the union.)
func MVTecLOCO(dir string, opts ...Option) (*Data, error) { return loco.open(dir, opts) }

// MVTecAD2 opens a class of MVTec AD 2: {train/good, validation/good, test_public/{good,bad,ground_truth/bad}}. The private
// test images have no truth and are left out.
func MVTecAD2(dir string, opts ...Option) (*Data, error) { return mvtec2.open(dir, opts) }

func (t tree) open(dir string, opts []Option) (*Data, error) {
	s, err := apply(opts, "Class", "MaskPattern", "MaskAbove")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return t.openWith(dir, s)
}

func (t tree) openWith(dir string, s settings) (*Data, error) {
	root, class, err := t.findClass(dir, s.class)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	data, err := t.openClass(root, class, s)
	if err != nil {
		return nil, fmt.Errorf("%s, class %s: %w", t.name, class, err)
	}
	return data, nil
}

// classes lists the folders in dir that look like one class.
func (t tree) classes(dir string) ([]string, error) {
	dirs, err := listDirs(dir)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(dirs, func(d string) bool { return !t.isClass(filepath.Join(dir, d)) }), nil
}

func (t tree) isClass(dir string) bool { return dirExists(filepath.Join(dir, t.train)) }

// findClass returns the folder and the name of the class that was asked for.
func (t tree) findClass(dir, class string) (root, name string, err error) {
	if class == "" && t.isClass(dir) {
		abs, err := filepath.Abs(dir)
		return dir, filepath.Base(abs), err
	}
	found, err := t.classes(dir)
	if err != nil {
		return "", "", err
	}
	if len(found) == 0 {
		return "", "", fmt.Errorf("no folder with %s in %s", t.train, Printable(dir))
	}
	name, err = chooseClass(class, found)
	return filepath.Join(dir, name), name, err
}

// chooseClass is class if it is one of found; else the error lists what there is.
func chooseClass(class string, found []string) (string, error) {
	if class == "" {
		return "", fmt.Errorf("no class given: it is one of %s", printables(found, ", "))
	}
	for _, name := range found {
		if strings.EqualFold(name, class) {
			return name, nil
		}
	}
	return "", fmt.Errorf("no class %q: it is one of %s", class, printables(found, ", "))
}

func (t tree) openClass(root, class string, s settings) (*Data, error) {
	train, err := t.listNormal(root, class, t.train, &s)
	if err != nil {
		return nil, err
	}
	var validation Set
	if t.validation != "" && dirExists(filepath.Join(root, t.validation)) {
		if validation, err = t.listNormal(root, class, t.validation, &s); err != nil {
			return nil, err
		}
	}
	test, err := t.listTest(root, class, &s)
	if err != nil {
		return nil, err
	}
	return s.data(t.name+"/"+class, filepath.Join(root, t.train), train, validation, test)
}

// list lists the images of one folder, and those below it where people made the folders by themselves: then a folder
// below it whose name is one of others is an error.
func (t tree) list(folder string, s *settings, others []string) ([]string, error) {
	if !t.own {
		return listImages(folder)
	}
	names, err := s.listTree(folder)
	if err != nil {
		return nil, err
	}
	return names, noneWithin(folder, names, others)
}

func (t tree) listNormal(root, class, folder string, s *settings) (Set, error) {
	names, err := t.list(filepath.Join(root, folder), s, abnormalNames)
	if err != nil {
		return nil, err
	}
	set := make(Set, len(names))
	for i, name := range names {
		full := class + "/" + folder + "/" + filepath.ToSlash(name)
		set[i] = fileSample(full, class, Good, fileSource{image: filepath.Join(root, folder, name)})
	}
	return set, nil
}

func (t tree) listTest(root, class string, s *settings) (Set, error) {
	dir := filepath.Join(root, t.test)
	defects, err := listDirs(dir)
	if err != nil {
		return nil, err
	}
	if err := s.noLooseImages(dir); err != nil {
		return nil, err
	}
	var test Set
	for _, defect := range defects {
		folder := t.test + "/" + defect
		if folder == t.truth {
			continue
		}
		set, err := t.listFolder(root, class, folder, defect, s)
		if err != nil {
			return nil, err
		}
		if len(set) == 0 {
			if err := s.bad(folder, fmt.Errorf("no image in %s", Printable(filepath.Join(root, folder)))); err != nil {
				return nil, err
			}
		}
		test = append(test, set...)
	}
	return test, nil
}

// noLooseImages reports test images that lie in no folder which says what they are.
func (s *settings) noLooseImages(dir string) error {
	images, err := listImages(dir)
	if err != nil || len(images) == 0 {
		return err
	}
	return s.bad(dir, fmt.Errorf("%d images lie directly in %s, such as %s, where nothing says whether they are normal: "+
		"normal ones belong in a folder good, others in a folder named after their defect", len(images), Printable(dir), Printable(images[0])))
}

// listFolder lists one test folder, of normal images or of one defect with its masks.
func (t tree) listFolder(root, class, folder, defect string, s *settings) (Set, error) {
	if strings.EqualFold(defect, t.normal) || t.own && isNamed(defect, normalNames) {
		return t.listNormal(root, class, folder, s)
	}
	if t.own && isNamed(defect, maskNames) {
		return nil, fmt.Errorf("%s looks like a folder of masks, which belongs beside %s and not in it", Printable(filepath.Join(root, folder)), t.test)
	}
	images, err := t.list(filepath.Join(root, folder), s, normalNames)
	if err != nil {
		return nil, err
	}
	set := make(Set, len(images))
	for i, name := range images {
		full := class + "/" + folder + "/" + filepath.ToSlash(name)
		set[i] = fileSample(full, class, defect, fileSource{image: filepath.Join(root, folder, name)})
	}
	names := folderNames{abnormal: filepath.Join(root, folder)}
	if !t.unmasked {
		names.masks = filepath.Join(root, t.truth, defect)
	}
	return s.withMasks(set, names)
}

// bad reports what is wrong with name and goes on, or is the error if SkipBad was not asked for.
func (s settings) bad(name string, err error) error {
	if s.skip == nil {
		return err
	}
	s.skip(name, err)
	return nil
}
