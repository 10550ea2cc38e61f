package datasets

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// VisA opens an object of VisA, in dir as published (OBJ/Data/Images/{Normal,Anomaly}, OBJ/Data/Masks/Anomaly and
// split_csv/1cls.csv) or as prepared in the form of MVTec AD (1cls/OBJ or OBJ, with train/good, test/{good,bad} and
// ground_truth/bad). Class says which object. Split names another split table than split_csv/1cls.csv.
func VisA(dir string, opts ...Option) (*Data, error) {
	s, err := apply(opts, "Class", "Split", "MaskAbove")
	if err != nil {
		return nil, fmt.Errorf("visa: %w", err)
	}
	if prepared, ok := preparedVisA(dir); ok && s.split == "" {
		layout := mvtec
		layout.name = "visa"
		return layout.openWith(prepared, s)
	}
	return openVisATable(dir, s)
}

// preparedVisA tells where the prepared form lies, if dir has it.
func preparedVisA(dir string) (string, bool) {
	for _, d := range []string{filepath.Join(dir, "1cls"), dir} {
		if found, err := mvtec.classes(d); err == nil && len(found) > 0 {
			return d, true
		}
	}
	return dir, mvtec.isClass(dir)
}

func visaTable(dir string) string { return filepath.Join(dir, "split_csv", "1cls.csv") }

func visaClasses(dir string) ([]string, error) {
	if prepared, ok := preparedVisA(dir); ok {
		return mvtec.classes(prepared)
	}
	rows, err := readVisATable(visaTable(dir))
	return visaObjects(rows), err
}

func visaObjects(rows []visaRow) []string {
	var objects []string
	for _, row := range rows {
		if !slices.Contains(objects, row.object) {
			objects = append(objects, row.object)
		}
	}
	slices.Sort(objects)
	return objects
}

func openVisATable(dir string, s settings) (*Data, error) {
	table := s.split
	if table == "" {
		table = visaTable(dir)
	}
	rows, err := readVisATable(table)
	if err != nil {
		return nil, fmt.Errorf("visa: %w", err)
	}
	object, err := chooseClass(s.class, visaObjects(rows))
	if err != nil {
		return nil, fmt.Errorf("visa: %w", err)
	}
	var train, test Set
	for _, row := range rows {
		switch {
		case row.object != object:
		case row.train:
			train = append(train, row.sample(dir, s.maskRule))
		default:
			test = append(test, row.sample(dir, s.maskRule))
		}
	}
	return s.data("visa/"+object, dir, train, nil, test)
}

// visaRow is a line of a split table.
type visaRow struct {
	object, image, mask string
	train, anomalous    bool
}

func (r visaRow) sample(dir string, rule maskRule) Sample {
	src := fileSource{image: filepath.Join(dir, filepath.FromSlash(r.image))}
	if !r.anomalous {
		return fileSample(r.image, r.object, Good, src)
	}
	src.rule = rule
	src.setMasks(filepath.Join(dir, filepath.FromSlash(r.mask)))
	return fileSample(r.image, r.object, "bad", src)
}

func readVisATable(path string) ([]visaRow, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	rows, err := parseVisATable(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Printable(path), err)
	}
	return rows, nil
}

// parseVisATable reads the columns object, split, label, image and mask, in whatever order the header names them.
func parseVisATable(text string) ([]visaRow, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("reading the header line: %w", err)
	}
	columns, err := visaColumns(header)
	if err != nil {
		return nil, err
	}
	var rows []visaRow
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err // names the line
		}
		row, err := parseVisARow(record, columns)
		if err != nil {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
}

// visaColumns returns the places of object, split, label, image and mask.
func visaColumns(header []string) (columns [5]int, err error) {
	for i, name := range []string{"object", "split", "label", "image", "mask"} {
		columns[i] = slices.IndexFunc(header, func(h string) bool { return strings.TrimSpace(h) == name })
		if columns[i] < 0 {
			return columns, fmt.Errorf("no column %q in the header %q", name, strings.Join(header, ","))
		}
	}
	return columns, nil
}

func parseVisARow(record []string, columns [5]int) (visaRow, error) {
	field := func(i int) string { return strings.Clone(strings.TrimSpace(record[columns[i]])) }
	split, label := field(1), field(2)
	row := visaRow{object: field(0), image: field(3), mask: field(4), train: split == "train", anomalous: label != "normal"}
	switch {
	case row.object == "":
		return row, errors.New("no object")
	case split != "train" && split != "test":
		return row, fmt.Errorf("split %q is neither train nor test", split)
	case label != "normal" && label != "anomaly":
		return row, fmt.Errorf("label %q is neither normal nor anomaly", label)
	case row.train && row.anomalous:
		return row, fmt.Errorf("%s is anomalous and yet for training: only normal images train", Printable(row.image))
	case !filepath.IsLocal(filepath.FromSlash(row.image)):
		return row, fmt.Errorf("image %q is no path within the data set", row.image)
	case row.anomalous && !filepath.IsLocal(filepath.FromSlash(row.mask)):
		return row, fmt.Errorf("mask %q is no path within the data set", row.mask)
	}
	return row, nil
}
