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

// divideByList puts the listed images of normal into train and the others into rest. A listed name that is no normal image
// is an error, or with SkipBad a report: published lists are used with downloads that miss files.
func (s settings) divideByList(normal Set) (train, rest Set, err error) {
	listed, err := readSplit(s.split)
	if err != nil {
		return nil, nil, err
	}
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
	return train, rest, s.absentNames(listed, wanted)
}

func (s settings) absentNames(listed []listedName, absent map[string]bool) error {
	var first error
	for _, l := range listed {
		if !absent[l.stem] {
			continue
		}
		err := fmt.Errorf("%s:%d: %q is no normal image of this data set", s.split, l.line, l.stem)
		if s.skip != nil {
			s.skip(l.stem, err)
		} else if first == nil {
			first = err
		}
	}
	if first != nil && len(absent) > 1 {
		return errors.Join(first, fmt.Errorf("%s: %d of the %d listed names are absent", s.split, len(absent), len(listed)))
	}
	return first
}

// divideNormal divides normal images into training and test ones: by the split file if there is one, else four of five
// at random.
func (s settings) divideNormal(normal Set) (train, rest Set, err error) {
	if s.split != "" {
		return s.divideByList(normal)
	}
	train, rest = normal.divide((8*len(normal)+5)/10, s.seed)
	return train, rest, nil
}
