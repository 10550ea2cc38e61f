package datasets

import (
	"cmp"
	_ "embed"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MTD opens the magnetic tiles data set: folders MT_Blowhole, MT_Break, MT_Crack, MT_Fray, MT_Free and MT_Uneven in dir,
// each with Imgs/NAME.jpg and its mask Imgs/NAME.png. Masks are grey; above 127 is anomalous, which leaves a few empty.
//
// Each tile was photographed about six times. The numbers after num_ in the names of one tile's photos lie 10 to 60 apart,
// so that a gap of more than 80 between the sorted numbers of all images separates two tiles; that makes the samples'
// Group, unless Groups gives another rule. All images with defects test, with all normal photos of their tiles. Of the
// other tiles Seed chooses which ones train, so many that about four fifths of all normal images do, if there are so many.
//
// Split gives the names of the training images instead. Split(Published) is the list of 761 names that published results
// rest on. It divides images and not tiles: of nearly all its normal test images another photo trains, of few with defects.
// A list may name images that dir does not have; the Notes say how many.
func MTD(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts, "Split")
	if err != nil {
		return nil, fmt.Errorf("mtd: %w", err)
	}
	normal, abnormal, err := listMTD(dir)
	if err != nil {
		return nil, fmt.Errorf("mtd: %w", err)
	}
	groupTiles(normal, abnormal)
	train, rest, err := s.divideMTD(normal, abnormal)
	if err != nil {
		return nil, fmt.Errorf("mtd: %w", err)
	}
	return s.data("mtd", dir, train, nil, append(rest, abnormal...))
}

// Published is the name of MTD's published division, for Split.
const Published = "published"

//go:embed mtd_published.txt
var mtdPublished string

// divideMTD divides by tile, or by a list that may name more images than the folder has.
func (s *settings) divideMTD(normal, abnormal Set) (train, rest Set, err error) {
	if s.split == "" {
		return s.divideNormal(normal, abnormal)
	}
	listed := parseSplit(mtdPublished)
	if s.split != Published {
		if listed, err = readSplit(s.split); err != nil {
			return nil, nil, err
		}
	}
	free, flawed := byStem(normal), byStem(abnormal)
	var found []listedName
	for _, l := range listed {
		if places := flawed.find(abnormal, l.path); len(places) > 0 {
			return nil, nil, fmt.Errorf("the list %s names %s for training, which has a defect", Printable(s.split), Printable(abnormal[places[0]].Name))
		}
		if len(free.find(normal, l.path)) > 0 {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return nil, nil, fmt.Errorf("none of the %d images that the list %s names is here", len(listed), Printable(s.split))
	}
	if len(found) < len(listed) {
		s.notes = append(s.notes, fmt.Sprintf("%d of the %d images that the list %s names for training are here", len(found), len(listed), Printable(s.split)))
	}
	return s.divideByList(normal, s.split, found)
}

// tileGap is the largest difference between neighbouring numbers of one tile's photos.
const tileGap = 80

var tileNumber = regexp.MustCompile(`num_(\d+)`)

// groupTiles names each sample's tile by the smallest number among its photos. A name without a number is its own tile.
func groupTiles(sets ...Set) {
	type photo struct {
		number int
		sample *Sample
	}
	var photos []photo
	for _, set := range sets {
		for i := range set {
			if m := tileNumber.FindStringSubmatch(stem(set[i].Name)); m != nil {
				if n, err := strconv.Atoi(m[1]); err == nil {
					photos = append(photos, photo{n, &set[i]})
				}
			}
		}
	}
	slices.SortStableFunc(photos, func(a, b photo) int { return cmp.Compare(a.number, b.number) })
	tile := ""
	for i, p := range photos {
		if i == 0 || p.number-photos[i-1].number > tileGap {
			tile = fmt.Sprintf("tile %d", p.number)
		}
		p.sample.Group = tile
	}
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
		return nil, nil, fmt.Errorf("no .jpg image in %s", Printable(filepath.Join(dir, "MT_Free", "Imgs")))
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
		src := fileSource{image: filepath.Join(path, name), rule: maskRule{true, 127}}
		if defect == "free" {
			set = append(set, fileSample(folder+"/Imgs/"+name, "tile", Good, src))
		} else {
			src.setMasks(filepath.Join(path, stem(name)+".png"))
			set = append(set, fileSample(folder+"/Imgs/"+name, "tile", defect, src))
		}
	}
	return set, nil
}
