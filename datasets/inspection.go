package datasets

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"path/filepath"
	"strings"
)

// KolektorSDD2 opens the second Kolektor surface-defect data set: {train,test}/10000.png with its mask 10000_GT.png, in
// which alone it says whether the image is anomalous. All masks are therefore read here. The defective training images of
// the data set, meant for supervised methods, are left out.
func KolektorSDD2(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts)
	if err != nil {
		return nil, fmt.Errorf("ksdd2: %w", err)
	}
	train, err := listKolektor(dir, "train", s)
	if err != nil {
		return nil, fmt.Errorf("ksdd2: %w", err)
	}
	test, err := listKolektor(dir, "test", s)
	if err != nil {
		return nil, fmt.Errorf("ksdd2: %w", err)
	}
	return s.data("ksdd2", dir, train.normal(), nil, test)
}

// normal is the normal part of the set.
func (s Set) normal() Set {
	var normal Set
	for _, sample := range s {
		if !sample.Anomalous {
			normal = append(normal, sample)
		}
	}
	return normal
}

func listKolektor(dir, part string, s settings) (Set, error) {
	folder := filepath.Join(dir, part)
	names, err := listImages(folder)
	if err != nil {
		return nil, err
	}
	var images []string
	for _, name := range names {
		if !strings.HasSuffix(stem(name), "_GT") {
			images = append(images, name)
		}
	}
	set := make(Set, len(images))
	errs := make([]error, len(images))
	inParallel(context.Background(), len(images), func(i int) {
		src := fileSource{image: filepath.Join(folder, images[i])}
		src.masks = []string{filepath.Join(folder, stem(images[i])+"_GT.png")}
		set[i], errs[i] = kolektorSample(s.reading, part+"/"+images[i], src)
	})
	return s.withoutBad(set, errs)
}

// kolektorSample looks into the mask for the image's label.
func kolektorSample(how Reading, name string, src fileSource) (Sample, error) {
	src.rule = maskRule{fixed: true}
	mask, _, err := decodeMask(newReading(how), src.masks[0], src.rule)
	if err != nil {
		return Sample{Name: name}, src.missingMask(src.masks[0], err)
	}
	if mask.Area() == 0 {
		src.masks = nil
		return fileSample(name, "surface", Good, src), nil
	}
	return fileSample(name, "surface", "defect", src), nil
}

// withoutBad is the set without the samples that have an error, which SkipBad allows.
func (s settings) withoutBad(set Set, errs []error) (Set, error) {
	var sound Set
	for i, sample := range set {
		if errs[i] == nil {
			sound = append(sound, sample)
		} else if err := s.bad(sample.Name, errs[i]); err != nil {
			return nil, err
		}
	}
	return sound, nil
}

// dagmTrain is where a DAGM class keeps its training images.
const dagmTrain = "Train"

// DAGM opens a class of the DAGM 2007 textures: ClassN/{Train,Test}/0001.PNG in dir, where a defective image has a mask
// Label/0001_label.PNG beside it. Class says which; without it, dir must be the folder of a class. The defective training
// images of the data set, meant for supervised methods, are left out.
func DAGM(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts, "Class")
	if err != nil {
		return nil, fmt.Errorf("dagm: %w", err)
	}
	root, class, err := dagmLayout.findClass(dir, s.class)
	if err != nil {
		return nil, fmt.Errorf("dagm: %w", err)
	}
	train, err := listDAGM(root, class, dagmTrain)
	if err != nil {
		return nil, fmt.Errorf("dagm: %w", err)
	}
	test, err := listDAGM(root, class, "Test")
	if err != nil {
		return nil, fmt.Errorf("dagm: %w", err)
	}
	return s.data("dagm/"+class, root, train.normal(), nil, test)
}

// dagmLayout finds the classes; the rest of DAGM is no tree.
var dagmLayout = tree{name: "dagm", train: dagmTrain}

func dagmClasses(dir string) ([]string, error) { return dagmLayout.classes(dir) }

func listDAGM(root, class, part string) (Set, error) {
	folder := filepath.Join(root, part)
	names, err := listImages(folder)
	if err != nil {
		return nil, err
	}
	labels, err := newMaskFinder(filepath.Join(folder, "Label"), "")
	if err != nil {
		return nil, err
	}
	set := make(Set, len(names))
	for i, name := range names {
		src, defect := fileSource{image: filepath.Join(folder, name)}, Good
		if found := labels.plain[stem(name)+"_label"]; len(found) > 0 {
			src.masks, defect = []string{filepath.Join(labels.dir, found[0])}, "defect"
		}
		set[i] = fileSample(class+"/"+part+"/"+name, class, defect, src)
	}
	return set, nil
}

// ContactSheet draws the samples side by side, columns in a row and cell pixels wide and high each, with the outline of
// each one's mask in red: a look at what a model is given. Errors name the file. It panics if columns or cell is not
// positive.
func ContactSheet(set Set, columns, cell int) (image.Image, error) {
	if columns < 1 || cell < 1 {
		panic(fmt.Sprintf("datasets: ContactSheet of %d columns of %d pixels", columns, cell))
	}
	const gap = 2
	step := cell + gap
	rows := (len(set) + columns - 1) / columns
	sheet := image.NewRGBA(image.Rect(0, 0, columns*step+gap, rows*step+gap))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	errs := make([]error, len(set))
	inParallel(context.Background(), len(set), func(i int) {
		im, mask, err := set[i].Load(cell, cell)
		if errs[i] = err; err != nil {
			return
		}
		at := image.Pt(gap+i%columns*step, gap+i/columns*step)
		draw.Draw(sheet, im.Bounds().Add(at), im, image.Point{}, draw.Src)
		drawOutline(sheet, mask, at)
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return sheet, nil
}

// drawOutline reddens the pixels next to the mask, so that what lies in it can be seen.
func drawOutline(sheet *image.RGBA, mask *Mask, at image.Point) {
	if mask == nil {
		return
	}
	marked := func(x, y int) bool { return x >= 0 && y >= 0 && x < mask.W && y < mask.H && mask.Pix[y*mask.W+x] != 0 }
	for y := range mask.H {
		for x := range mask.W {
			if !marked(x, y) && (marked(x-1, y) || marked(x+1, y) || marked(x, y-1) || marked(x, y+1)) {
				sheet.Set(at.X+x, at.Y+y, color.RGBA{255, 0, 0, 255})
			}
		}
	}
}
