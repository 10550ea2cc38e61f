package datasets

import (
	"fmt"
	"path/filepath"
	"strings"
)

// MTD opens the magnetic tiles data set: folders MT_Blowhole, MT_Break, MT_Crack, MT_Fray, MT_Free and MT_Uneven in dir,
// each with Imgs/NAME.jpg and its mask Imgs/NAME.png. Masks are grey; above 127 is anomalous, which leaves a few empty.
// Four fifths of the defect-free images train, chosen by Seed or listed by Split; the others and all defects test.
func MTD(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts, "Split")
	if err != nil {
		return nil, fmt.Errorf("mtd: %w", err)
	}
	normal, abnormal, err := listMTD(dir)
	if err != nil {
		return nil, fmt.Errorf("mtd: %w", err)
	}
	train, rest, err := s.divideNormal(normal)
	if err != nil {
		return nil, fmt.Errorf("mtd: %w", err)
	}
	return s.data("mtd", dir, train, nil, append(rest, abnormal...))
}

func listMTD(dir string) (normal, abnormal Set, err error) {
	folders, err := listDirs(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, folder := range folders {
		defect, ok := strings.CutPrefix(folder, "MT_")
		if !ok {
			continue
		}
		set, err := listTiles(dir, folder, strings.ToLower(defect))
		if err != nil {
			return nil, nil, err
		}
		if defect == "Free" {
			normal = append(normal, set...)
		} else {
			abnormal = append(abnormal, set...)
		}
	}
	if len(normal) == 0 {
		return nil, nil, fmt.Errorf("no .jpg image in %s", filepath.Join(dir, "MT_Free", "Imgs"))
	}
	return normal, abnormal, nil
}

// listTiles lists the images of one folder. The masks of defect-free tiles are empty, so they are not read.
func listTiles(dir, folder, defect string) (Set, error) {
	path := filepath.Join(dir, folder, "Imgs")
	names, err := listImages(path)
	if err != nil {
		return nil, err
	}
	var set Set
	for _, name := range names {
		if strings.EqualFold(filepath.Ext(name), ".png") {
			continue
		}
		src := fileSource{image: filepath.Join(path, name), above: 127}
		if defect == "free" {
			set = append(set, fileSample(folder+"/Imgs/"+name, "tile", Good, src))
		} else {
			src.masks = []string{filepath.Join(path, stem(name)+".png")}
			set = append(set, fileSample(folder+"/Imgs/"+name, "tile", defect, src))
		}
	}
	return set, nil
}
