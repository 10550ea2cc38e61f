package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/png"
	"io"
	"os"
	"slices"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/spf13/cobra"
)

// dataCommand is about data sets themselves.
func dataCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "data", Short: "Look at a data set before a training"}
	cmd.AddCommand(dataCheckCommand())
	return cmd
}

// dataCheck are the flags of msflow data check.
type dataCheck struct {
	data     dataFlags
	distance int
	sheet    string

	overwrite bool
}

func dataCheckCommand() *cobra.Command {
	var f dataCheck
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a data set's files and its division",
		Long: "Reads every image and mask, says which folder was taken for what and how the images are divided, and looks for test\n" +
			"images that look like a training image: a part that was seen is recognised, and figures that rest on it say nothing\n" +
			"about new parts. The pairs are drawn side by side, test image first. Without --class all classes are checked.",
		Example: "  msflow data check --dataset mtd --data MTD --split published --sheet pairs.png",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.data.register(cmd)
	fl := cmd.Flags()
	fl.IntVar(&f.distance, "distance", datasets.NearBits, "bits of 256 by which the hashes of near-duplicates differ at most")
	fl.StringVar(&f.sheet, "sheet", "near-duplicates.png", "picture of the pairs to write, if there are any; one that this command has written is replaced")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace the picture whoever made it")
	return cmd
}

// checkedClass is what data check finds in one class.
type checkedClass struct {
	Data       string      `json:"data"`
	Train      int         `json:"training_images"`
	Validation int         `json:"validation_images"`
	Test       int         `json:"test_images"`
	Anomalous  int         `json:"anomalous_test_images"`
	Notes      []string    `json:"notes"`
	Near       []alikePair `json:"near_duplicates"`
	Sheet      string      `json:"sheet,omitempty"`
}

type alikePair struct {
	Test     string `json:"test"`
	Train    string `json:"train"`
	Distance int    `json:"distance"`
}

func (f *dataCheck) run(cmd *cobra.Command) error {
	if f.distance < 0 || f.distance > 256 {
		return fmt.Errorf("--distance %d: it lies between 0 and 256", f.distance)
	}
	if err := runs.Free(f.sheet, f.overwrite || drawnByCheck(f.sheet), "--sheet"); err != nil {
		return err
	}
	classes := []string{f.data.Class}
	if err := f.data.recognise(cmd.ErrOrStderr()); err != nil {
		return err
	}
	if f.data.Class == "" {
		all, err := datasets.Classes(f.data.Dataset, f.data.Dir)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			classes = all
		}
	}
	var reports []checkedClass
	var pairs datasets.Set
	for _, class := range classes {
		f.data.Class = class
		report, alike, err := f.check(cmd)
		if err != nil {
			return err
		}
		reports = append(reports, report)
		pairs = append(pairs, alike...)
	}
	if len(pairs) > 0 {
		if err := f.draw(pairs); err != nil {
			return err
		}
	}
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, reports)
	}
	if len(pairs) > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "pairs, test image first, are in %s\n", f.sheet)
	}
	return nil
}

func (f *dataCheck) check(cmd *cobra.Command) (report checkedClass, pairs datasets.Set, err error) {
	data, err := f.data.open(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return report, nil, err
	}
	found, err := datasets.NearDuplicates(cmd.Context(), data, f.distance)
	if err != nil {
		return report, nil, err
	}
	report = checkedClass{
		Data: data.Name, Train: len(data.Train), Validation: len(data.Validation), Test: len(data.Test),
		Anomalous: data.Test.Anomalous(), Notes: data.Notes, Near: []alikePair{},
	}
	for _, a := range found {
		report.Near = append(report.Near, alikePair{a.Test.Name, a.Train.Name, a.Distance})
		pairs = append(pairs, a.Test, a.Train)
	}
	if len(found) > 0 {
		report.Sheet = f.sheet
	}
	if !flags.WantsJSON(cmd) {
		report.print(cmd.OutOrStdout(), data)
	}
	return report, pairs, nil
}

// shownPairs is how many pairs are listed; all of them are in the JSON object.
const shownPairs = 10

func (c checkedClass) print(out io.Writer, data *datasets.Data) {
	fmt.Fprint(out, data)
	fmt.Fprintf(out, "%d of %d test images look like a training image\n", len(c.Near), c.Test)
	for _, p := range c.Near[:min(shownPairs, len(c.Near))] {
		fmt.Fprintf(out, "  %q looks like %q (%d bits of 256 differ)\n", p.Test, p.Train, p.Distance)
	}
	if more := len(c.Near) - shownPairs; more > 0 {
		fmt.Fprintf(out, "  and %d more\n", more)
	}
}

// The sheet of pairs has pairColumns images in a row, so that no pair is torn apart.
const (
	pairColumns = 8
	pairCell    = 128
	maxPairs    = 200
)

func (f *dataCheck) draw(pairs datasets.Set) error {
	sheet, err := datasets.ContactSheet(pairs[:min(len(pairs), 2*maxPairs)], pairColumns, pairCell)
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, sheet); err != nil {
		return fmt.Errorf("drawing the pairs: %w", err)
	}
	return runs.WriteFile(f.sheet, func(w io.Writer) error {
		_, err := w.Write(signed(picture.Bytes()))
		return err
	})
}

// sheetSoftware is what the sheet's PNG names as the program that made it, in a chunk tEXt (PNG specification, 11.3.4.3).
const sheetSoftware = "Software\x00msflow data check"

// headerEnd is where a PNG's header chunk ends: 8 bytes of magic, 8 of the chunk's length and type, 13 of content, 4 of its checksum.
const headerEnd = 33

// signed puts the name of the program into a PNG.
func signed(png []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(sheetSoftware)))
	chunk = append(chunk, "tEXt"+sheetSoftware...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(png[:headerEnd], chunk, png[headerEnd:])
}

// drawnByCheck tells whether a file is a sheet of this command.
func drawnByCheck(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	begin := make([]byte, headerEnd+8+len(sheetSoftware))
	_, err = io.ReadFull(f, begin)
	return err == nil && string(begin[headerEnd+4:]) == "tEXt"+sheetSoftware
}
