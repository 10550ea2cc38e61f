package datasets

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// maxListBytes bounds the lists and tables that are read whole.
const maxListBytes = 64 << 20

// listedName is a name in a split file and where it stands.
type listedName struct {
	stem string
	line int
}

// readSplit reads a list of images.
func readSplit(path string) ([]listedName, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	names := parseSplit(text)
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: the split file lists no image", path)
	}
	return names, nil
}

func readText(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Size() > maxListBytes {
		return "", fmt.Errorf("%s: %d bytes are too many for a list of images", path, info.Size())
	}
	data, err := os.ReadFile(path)
	return string(data), err
}

// parseSplit takes one name a line, in any form that names a file: with or without folders (of either slash) and with or
// without an image's extension. Empty lines and what follows a '#' do not count; a name that comes again does not either.
func parseSplit(text string) []listedName {
	text = strings.TrimPrefix(text, "\ufeff")
	var names []listedName
	seen := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		name := splitName(line)
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, listedName{name, i + 1})
		}
	}
	return names
}

func splitName(line string) string {
	name := strings.TrimSpace(line)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if isImageName(name) {
		return stem(name)
	}
	return name
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
// is an error, or with SkipBad a report: published lists are used with downloads that miss files.
func (s *settings) divideByList(normal Set, file string, listed []listedName) (train, rest Set, err error) {
	wanted := map[string]bool{}
	for _, l := range listed {
		wanted[l.stem] = true
	}
	for _, sample := range normal {
		name := stem(sample.Name)
		if wanted[name] {
			train = append(train, sample)
			delete(wanted, name)
		} else {
			rest = append(rest, sample)
		}
	}
	return train, rest, s.absentNames(file, listed, wanted)
}

func (s *settings) absentNames(file string, listed []listedName, absent map[string]bool) error {
	var first error
	for _, l := range listed {
		if !absent[l.stem] {
			continue
		}
		err := fmt.Errorf("%s:%d: %q is no normal image of this data set", file, l.line, l.stem)
		if s.skip != nil {
			s.skip(l.stem, err)
		} else if first == nil {
			first = err
		}
	}
	if first != nil && len(absent) > 1 {
		return errors.Join(first, fmt.Errorf("%s: %d of the %d listed names are absent", file, len(absent), len(listed)))
	}
	return first
}
