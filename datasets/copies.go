package datasets

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
)

// copiesIn lists the samples that are the same file by content, as the places of each picture that comes twice or more in
// the sets laid end to end. Only files of equal length are read. What cannot be read is no copy: Check will say why.
func copiesIn(sets ...Set) [][]int {
	var paths []string
	bySize := map[int64][]int{}
	for _, set := range sets {
		for _, sample := range set {
			if info, err := os.Stat(sample.Path); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
				bySize[info.Size()] = append(bySize[info.Size()], len(paths))
			}
			paths = append(paths, sample.Path)
		}
	}
	var same []int // places of files of a length that others have too
	for _, places := range bySize {
		if len(places) > 1 {
			same = append(same, places...)
		}
	}
	slices.Sort(same)
	sums := make([]*[sha256.Size]byte, len(same))
	inParallel(context.Background(), len(same), func(i int) { sums[i] = fileSum(paths[same[i]]) })
	return repeated(same, sums)
}

// repeated groups places of equal sums, in the order of their first places; nil is equal to nothing.
func repeated(places []int, sums []*[sha256.Size]byte) [][]int {
	at := map[[sha256.Size]byte]int{}
	var groups [][]int
	for i, sum := range sums {
		if sum == nil {
			continue
		}
		k, seen := at[*sum]
		if !seen {
			k = len(groups)
			at[*sum] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], places[i])
	}
	return slices.DeleteFunc(groups, func(g []int) bool { return len(g) < 2 })
}

// fileSum is nil for a file that cannot be read.
func fileSum(path string) *[sha256.Size]byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil
	}
	return (*[sha256.Size]byte)(h.Sum(nil))
}

// joinCopies puts copies of one picture into one part, so that a division keeps them together. A picture that is both normal
// and anomalous is an error.
func (s *settings) joinCopies(normal, abnormal Set) error {
	all := make([]*Sample, 0, len(normal)+len(abnormal))
	for _, set := range []Set{normal, abnormal} {
		for i := range set {
			all = append(all, &set[i])
		}
	}
	copies := copiesIn(normal, abnormal)
	images := 0
	for _, places := range copies {
		first, last := all[places[0]], all[places[len(places)-1]] // normal ones come first
		if first.Anomalous != last.Anomalous {
			return fmt.Errorf("%s and %s are the same picture: it cannot be both normal and anomalous", Printable(first.Path), Printable(last.Path))
		}
		for _, i := range places[1:] {
			mergeParts(all, partOf(*first), partOf(*all[i]))
		}
		images += len(places) - 1
	}
	if images > 0 {
		s.notes = append(s.notes, fmt.Sprintf("%d images are copies of others, such as %s of %s; copies are not divided between training and test",
			images, Printable(all[copies[0][1]].Name), Printable(all[copies[0][0]].Name)))
	}
	return nil
}

// mergeParts makes all samples of part b show part a.
func mergeParts(all []*Sample, a, b string) {
	for _, sample := range all {
		if part := partOf(*sample); part == a || part == b {
			sample.Group = a
		}
	}
}

// withoutCopies leaves out the training images that are also test images: a division that was given may have them on both
// sides, and such an image tests nothing.
func (s *settings) withoutCopies(train, test Set) Set {
	drop := map[int]string{}
	first := -1
	for _, places := range copiesIn(train, test) {
		if last := places[len(places)-1]; last >= len(train) {
			for _, i := range places {
				if i < len(train) {
					drop[i] = test[last-len(train)].Name
					first = max(first, i)
				}
			}
		}
	}
	if len(drop) == 0 {
		return train
	}
	s.notes = append(s.notes, fmt.Sprintf("%d training images are also test images, such as %s, which is %s: they do not train",
		len(drop), Printable(train[first].Name), Printable(drop[first])))
	var rest Set
	for i, sample := range train {
		if _, twin := drop[i]; !twin {
			rest = append(rest, sample)
		}
	}
	return rest
}
