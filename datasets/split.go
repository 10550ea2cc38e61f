package datasets

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxListBytes bounds the lists and tables that are read whole.
const maxListBytes = 64 << 20

// listedName is a name in a split file and where it stands.
type listedName struct {
	path string // with slashes, as it is written
	line int
}

// readSplit reads a list of images.
func readSplit(file string) ([]listedName, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	names := parseSplit(text)
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: the split file lists no image", Printable(file))
	}
	return names, nil
}

func readText(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if info.Size() > maxListBytes {
		return "", fmt.Errorf("%s: %d bytes are too many for a list of images", Printable(file), info.Size())
	}
	data, err := os.ReadFile(file)
	return string(data), err
}

// parseSplit takes one name a line, in any form that names a file: with or without folders (of either slash) and with or
// without an image's extension. Empty lines do not count, nor what follows a '#' at the line's start or after a space; a
// name that comes again does not either.
func parseSplit(text string) []listedName {
	text = strings.TrimPrefix(text, "\ufeff")
	var names []listedName
	seen := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		name := splitName(line)
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, listedName{name, i + 1})
		}
	}
	return names
}

var splitComment = regexp.MustCompile(`(^|\s)#.*`)

func splitName(line string) string {
	name := strings.ReplaceAll(splitComment.ReplaceAllString(line, ""), `\`, "/")
	return strings.Trim(strings.TrimSpace(name), "/")
}

// imagesByStem finds the images that a list names.
type imagesByStem map[string][]int // the places in the set of the images of each stem

func byStem(set Set) imagesByStem {
	places := imagesByStem{}
	for i, sample := range set {
		places[stem(sample.Name)] = append(places[stem(sample.Name)], i)
	}
	return places
}

// find returns the places of the images that a name fits best: those with the very extension if there are such, and of
// these the ones in the very folders that the name has.
func (b imagesByStem) find(set Set, listed string) []int {
	base := path.Base(listed)
	fitting := slices.Clone(b[base]) // a name without extension, or one like v1.5
	if isImageName(base) {
		fitting = append(fitting, b[stem(base)]...)
	}
	exact := slices.DeleteFunc(slices.Clone(fitting), func(i int) bool { return path.Base(set[i].Name) != base })
	if len(exact) > 0 {
		fitting = exact
	}
	return slices.DeleteFunc(fitting, func(i int) bool { return !sameFolders(path.Dir(set[i].Name), path.Dir(listed)) })
}

// sameFolders tells whether two folders end in the same names, as far as both are known.
func sameFolders(a, b string) bool {
	if a == "." || b == "." {
		return true
	}
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := min(len(x), len(y))
	return slices.Equal(x[len(x)-n:], y[len(y)-n:])
}

// divideNormal divides normal images into training and test ones: by the list of names if there is one, else about four of
// five at random. By its own choice it trains on no part that an image of rest or abnormal shows too.
func (s *settings) divideNormal(normal, abnormal Set) (train, rest Set, err error) {
	if err := s.setGroups(normal, abnormal); err != nil {
		return nil, nil, err
	}
	if s.split != "" {
		listed, err := readSplit(s.split)
		if err != nil {
			return nil, nil, err
		}
		return s.divideByList(normal, s.split, listed)
	}
	if err := s.joinCopies(normal, abnormal); err != nil {
		return nil, nil, err
	}
	s.group = nil // done; copies have joined some parts
	flawed := partsOf(abnormal)
	wanted := (8*len(normal) + 5) / 10
	train, rest = normal.divide(wanted, s.seed, flawed)
	if len(train) == 0 && len(normal) > 0 {
		return nil, nil, fmt.Errorf("all %d normal images show parts that anomalous images show too, so none can train", len(normal))
	}
	s.noteParts(train, rest, flawed, wanted)
	return train, rest, nil
}

// noteParts says how the parts were divided, where parts are known.
func (s *settings) noteParts(train, rest Set, flawed map[string]bool, wanted int) {
	if !train.grouped() && !rest.grouped() {
		return
	}
	note := fmt.Sprintf("divided by part: %d normal images of %d parts train, %d of %d parts test",
		len(train), len(partsOf(train)), len(rest), len(partsOf(rest)))
	if n := rest.seen(flawed); n > 0 {
		note += fmt.Sprintf(" (%d of them show parts that have defects)", n)
	}
	if all := len(train) + len(rest); 100*len(train) < 75*all {
		note += fmt.Sprintf("; four fifths would be %d, but a part is not divided and one with defects does not train", wanted)
	}
	s.notes = append(s.notes, note)
}

// leaks says which parts stand on both sides of a division that was given and not made here.
func leaks(train, test Set) []string {
	if !train.grouped() {
		return nil
	}
	normal, anomalous := test.normal(), test.anomalous()
	trained := partsOf(train)
	n, a := normal.seen(trained), anomalous.seen(trained)
	if n+a == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d normal and %d of %d anomalous test images show a part that training images show too: "+
		"the figures of such a division reward memory", n, len(normal), a, len(anomalous))}
}

// divideByList puts the listed images of normal into train and the others into rest. A listed name that is no normal image
// is an error, or with SkipBad a report: published lists are used with downloads that miss files. One that fits several
// images is an error in any case.
func (s *settings) divideByList(normal Set, file string, listed []listedName) (train, rest Set, err error) {
	places := byStem(normal)
	inTrain := make([]bool, len(normal))
	var absent []listedName
	for _, l := range listed {
		switch fitting := places.find(normal, l.path); len(fitting) {
		case 0:
			absent = append(absent, l)
		case 1:
			inTrain[fitting[0]] = true
		default:
			return nil, nil, fmt.Errorf("%s:%d: %q may be %s or %s: write its folder and extension too",
				Printable(file), l.line, l.path, Printable(normal[fitting[0]].Name), Printable(normal[fitting[1]].Name))
		}
	}
	for i, sample := range normal {
		if inTrain[i] {
			train = append(train, sample)
		} else {
			rest = append(rest, sample)
		}
	}
	return train, rest, s.absentNames(file, len(listed), absent)
}

func (s *settings) absentNames(file string, listed int, absent []listedName) error {
	var first error
	for _, l := range absent {
		err := fmt.Errorf("%s:%d: %q is no normal image of this data set", Printable(file), l.line, l.path)
		if s.skip != nil {
			s.skip(l.path, err)
		} else if first == nil {
			first = err
		}
	}
	if first != nil && len(absent) > 1 {
		return errors.Join(first, fmt.Errorf("%s: %d of the %d listed names are absent", Printable(file), len(absent), listed))
	}
	return first
}
