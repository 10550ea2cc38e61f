package datasets

import (
	"errors"
	"fmt"
	"strings"
)

// kind is a way in which data sets lie on disk.
type kind struct {
	name  string
	about string
	open  func(dir string, opts ...Option) (*Data, error)
	// classes lists the object classes below dir; nil if the kind has one class only.
	classes func(dir string) ([]string, error)
}

var kinds = []kind{
	{"mtd", "magnetic tiles: MT_*/Imgs", MTD, nil},
	{"mvtec", "MVTec AD: CLASS/{train,test,ground_truth}", MVTec, mvtec.classes},
	{"visa", "VisA, original (OBJ/Data, split_csv) or prepared (1cls)", VisA, visaClasses},
	{"folder", "your own: normal, abnormal and masks", Folder, nil},
	{"synthetic", "generated pictures, no files", openSynthetic, func(string) ([]string, error) { return SyntheticClasses(), nil }},
	{"btad", "BTAD: CLASS/{train/ok,test/{ok,ko},ground_truth/ko}", BTAD, btad.classes},
	{"ksdd2", "KolektorSDD2: {train,test}/NAME.png, NAME_GT.png", KolektorSDD2, nil},
	{"dagm", "DAGM 2007: ClassN/{Train,Test}", DAGM, dagmClasses},
	{"loco", "MVTec LOCO AD: CLASS/{train,validation,test,ground_truth}", MVTecLOCO, loco.classes},
	{"mstc", "ShanghaiTech Campus: {training,testing}/frames/SCENE_VIDEO", MSTC, mstcScenes},
	{"mvtec2", "MVTec AD 2: CLASS/{train,validation,test_public}", MVTecAD2, mvtec2.classes},
}

// Kinds lists what Open opens, each as its name and a line about it.
func Kinds() [][2]string {
	list := make([][2]string, len(kinds))
	for i, k := range kinds {
		list[i] = [2]string{k.name, k.about}
	}
	return list
}

// Open opens the data set of the named kind in dir, which Synthetic does without.
func Open(kindName, dir string, opts ...Option) (*Data, error) {
	k, err := findKind(kindName)
	if err != nil {
		return nil, err
	}
	return k.open(dir, opts...)
}

// Classes lists the object classes that the data set of the named kind in dir has; each can be opened with the option
// Class. It is empty for a kind without classes.
func Classes(kindName, dir string) ([]string, error) {
	k, err := findKind(kindName)
	if err != nil || k.classes == nil {
		return nil, err
	}
	return k.classes(dir)
}

func findKind(name string) (kind, error) {
	var names []string
	for _, k := range kinds {
		if strings.EqualFold(k.name, name) {
			return k, nil
		}
		names = append(names, k.name)
	}
	return kind{}, fmt.Errorf("unknown kind of data set %q: it is one of %s", name, strings.Join(names, ", "))
}

// ErrNoTrainingImages is wrapped by the error for a data set without a normal image to train on.
var ErrNoTrainingImages = errors.New("no training images")

// data puts the parts of a data set together. dir is for the error only.
func (s settings) data(name, dir string, train, validation, test Set) (*Data, error) {
	if len(train) == 0 {
		return nil, fmt.Errorf("%s: %w in %s", Printable(name), ErrNoTrainingImages, Printable(dir))
	}
	if err := s.setGroups(train, validation, test); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	train = s.withoutCopies(train, append(append(Set{}, validation...), test...))
	if len(train) == 0 {
		return nil, fmt.Errorf("%s: %w in %s but test images", Printable(name), ErrNoTrainingImages, Printable(dir))
	}
	for _, set := range []Set{train, validation, test} {
		for i := range set {
			set[i].H, set[i].W = s.h, s.w
		}
	}
	how := newReading(s.reading, train, validation, test)
	for _, set := range []Set{train, validation, test} {
		set.readBy(how)
	}
	all := append(append(append(Set{}, train...), validation...), test...)
	return &Data{
		Name: name, Train: train, Validation: validation, Test: test, H: s.h, W: s.w, Notes: append(s.notes, leaks(train, test)...), skip: s.skip,
		Classes: distinct(all, func(sample Sample) string { return sample.Class }),
	}, nil
}
