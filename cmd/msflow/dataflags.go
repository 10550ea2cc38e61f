package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/datasets"
	"github.com/spf13/cobra"
)

// dataFlags say which images are meant. They are kept in a run's folder, so that eval finds the same ones.
type dataFlags struct {
	Dataset string `json:"dataset"`
	Dir     string `json:"data,omitempty"`
	Class   string `json:"class,omitempty"`
	Split   string `json:"split,omitempty"`
	Group   string `json:"group,omitempty"`
	Size    string `json:"size"`
	Seed    int64  `json:"seed"`
	Counts  string `json:"counts,omitempty"`
	SkipBad bool   `json:"skip_bad,omitempty"`
	Levels  int    `json:"levels,omitempty"`
	Exif    string `json:"exif,omitempty"`

	Normal   string `json:"normal,omitempty"`
	Abnormal string `json:"abnormal,omitempty"`
	Masks    string `json:"masks,omitempty"`

	MaskPattern string `json:"mask_pattern,omitempty"`
	MaskAbove   string `json:"mask_above,omitempty"` // a number; empty: recognised

	given func(flag string) bool // on the command line; nil for flags of a run that is there
	ofRun bool                   // they are a run's, and the command has none of them
}

// imagesHelp says in --help what is assumed of images and masks.
const imagesHelp = `

Images are JPEG, PNG, BMP, WebP or TIFF files of at most 100 million pixels; other forms are refused by name. 16-bit samples are
scaled by the levels that the whole data set needs (--levels), EXIF orientations are applied (--exif), alpha is dropped, and
of several pages the first is read. The detector keeps levels and orientation and reads what it scores in the same way.
The mask of 7.png is 7_mask, 7_GT, 7_seg, 7_label or 7 (--mask-pattern). Not zero is defect; a mask with another background,
one in its alpha channel, an inverted one and one with soft edges are recognised (--mask-above N switches that off). What was
assumed is said before anything is computed. An anomalous image without a mask counts for the image figures only.`

func (d *dataFlags) register(cmd *cobra.Command) {
	cmd.Long = cmp.Or(cmd.Long, cmd.Short+".") + imagesHelp
	f := cmd.Flags()
	d.given = f.Changed
	var kinds []string
	for _, k := range datasets.Kinds() {
		kinds = append(kinds, k[0])
	}
	f.StringVar(&d.Dataset, "dataset", synthetic, "kind of data set: "+strings.Join(kinds, ", ")+"\n(default: what --data looks like; without --data, synthetic)")
	f.StringVar(&d.Dir, "data", "", "folder of the data set")
	f.StringVar(&d.Class, "class", "", "object class, where the data set has several")
	f.StringVar(&d.Split, "split", "", "file that names the training images; mtd: also \"published\", which divides images and not tiles")
	f.StringVar(&d.Group, "group", "", "regular expression that matches the physical part's name in an image's name: photos of one\n"+
		"part are not divided between training, held-out and test (mtd: each tile is a part)")
	f.StringVar(&d.Size, "size", "256", "input size in pixels: N, or HxW")
	f.Int64Var(&d.Seed, "seed", 0, "seed of the division of the data, the initial weights and the order of the images")
	f.StringVar(&d.Counts, "counts", "", "synthetic: numbers of training, good and bad test images, such as 60,20,40")
	f.BoolVar(&d.SkipBad, "skip-bad", false, "list bad files and go on without them")
	f.IntVar(&d.Levels, "levels", 0, "levels of 16-bit images, such as 4096 for a 12-bit camera (default: the fewest of 256, 1024, 4096, 16384, 65536\nthat hold every sample of the data set); they are kept with the detector")
	f.StringVar(&d.Exif, "exif", datasets.ExifApply, "EXIF orientation of images and masks: apply, or ignore as Pillow does; it is kept with the detector")
	f.StringVar(&d.Normal, "normal", "", "folder: subfolder of normal images")
	f.StringVar(&d.Abnormal, "abnormal", "", "folder: subfolder of anomalous images")
	f.StringVar(&d.Masks, "masks", "", "folder: subfolder of masks; without one, NAME_mask beside NAME is its mask")
	f.StringVar(&d.MaskPattern, "mask-pattern", "", "masks' file names, such as {stem}-defect.png (default: {stem}_mask, {stem}_GT, {stem}_seg, {stem}_label or {stem})")
	f.StringVar(&d.MaskAbove, "mask-above", "", "a mask's pixel is anomalous above this value of 255 (default: recognised for each mask; what was assumed is said)")
	flags.Mark(cmd, flags.IsPath, "data", "split")
}

// synthetic is the kind of data set that needs no folder.
const synthetic = "synthetic"

// recognise finds out what lies in --data when --dataset does not say it: the synthetic pictures instead would be a detector of gears.
func (d *dataFlags) recognise(log io.Writer) error {
	if err := d.there(); err != nil {
		return err
	}
	if d.given == nil || d.Dir == "" || d.Dataset != synthetic {
		return nil
	}
	if d.given("dataset") {
		return fmt.Errorf("--data %s: the synthetic pictures lie in no folder; --dataset says of which kind this one is", d.Dir)
	}
	kind, err := datasets.Detect(d.Dir)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	fmt.Fprintf(log, "note: %s looks like a data set of kind %s; --dataset says otherwise\n", d.Dir, kind)
	d.Dataset = kind
	return nil
}

// there makes sure that the data set's folder is one.
func (d *dataFlags) there() error {
	if d.Dir == "" {
		return nil
	}
	info, err := os.Stat(d.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && d.given != nil && !d.given("data"): // a run's
		return fmt.Errorf("the data's folder %s does not exist; --data says where they are now", d.Dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--data %s: this folder does not exist", d.Dir)
	case err != nil:
		return fmt.Errorf("--data %s: %w", d.Dir, quote.Reason(err))
	case !info.IsDir():
		return fmt.Errorf("--data %s: it is a file and not a folder", d.Dir)
	}
	return nil
}

// open opens the data set and checks every file.
func (d *dataFlags) open(ctx context.Context, log io.Writer) (*datasets.Data, error) {
	if err := d.recognise(log); err != nil {
		return nil, err
	}
	options, err := d.options(log)
	if err != nil {
		return nil, err
	}
	data, err := datasets.Open(d.Dataset, d.Dir, options...)
	if err != nil {
		return nil, err
	}
	report, err := datasets.Check(ctx, data, datasets.Pixels)
	if err != nil {
		return nil, err
	}
	for _, note := range data.Notes {
		fmt.Fprintf(log, "note: %s\n", note)
	}
	for _, twin := range report.Twins {
		fmt.Fprintf(log, "note: %s shows the very picture of %s and does not train\n", quote.Name(twin[0]), quote.Name(twin[1]))
	}
	if d.ofRun {
		sayReadAs(report, log)
	}
	for _, line := range report.Notes() {
		fmt.Fprintln(log, "note:", line)
	}
	return data, nil
}

// sayReadAs notes how images are read by a detector that knows how, and takes these notes out of the report: theirs name flags of a
// training.
func sayReadAs(report *datasets.Report, log io.Writer) {
	if report.Deep > 0 {
		fmt.Fprintf(log, "note: %d of %d images have 16-bit samples; they are read with %d levels, as the training images were\n", report.Deep, report.Images, report.Levels)
	}
	if report.Turned > 0 {
		fmt.Fprintf(log, "note: %d of %d images are turned upright by their EXIF orientation, as the training images were\n", report.Turned, report.Images)
	}
	report.Deep, report.Turned = 0, 0
}

func (d *dataFlags) options(log io.Writer) ([]datasets.Option, error) {
	h, w, err := parseSize(d.Size)
	if err != nil {
		return nil, err
	}
	if err := (datasets.Reading{Levels: d.Levels, Exif: d.Exif}).Check(); err != nil {
		return nil, fmt.Errorf("--levels %d, --exif %s: %w", d.Levels, d.Exif, err)
	}
	o := []datasets.Option{datasets.SizeHW(h, w), datasets.Seed(d.Seed), datasets.Levels(d.Levels), datasets.Exif(d.Exif)}
	add := func(value string, option func(string) datasets.Option) {
		if value != "" {
			o = append(o, option(value))
		}
	}
	add(d.Class, datasets.Class)
	add(d.Split, datasets.Split)
	add(d.Group, datasets.Groups)
	add(d.Normal, datasets.Normal)
	add(d.Abnormal, datasets.Abnormal)
	add(d.Masks, datasets.Masks)
	add(d.MaskPattern, datasets.MaskPattern)
	if d.MaskAbove != "" {
		n, err := strconv.Atoi(d.MaskAbove)
		if err != nil {
			return nil, fmt.Errorf("--mask-above %s: it is a number from 0 to 254", d.MaskAbove)
		}
		o = append(o, datasets.MaskAbove(n))
	}
	if d.Counts != "" {
		n, err := d.counts()
		if err != nil {
			return nil, err
		}
		o = append(o, datasets.Counts(n[0], n[1], n[2]))
	}
	if d.SkipBad {
		o = append(o, datasets.SkipBad(func(name string, err error) {
			fmt.Fprintf(log, "skipped %s: %s\n", quote.Name(name), quote.Message(quote.Plain(err)))
		}))
	}
	return o, nil
}

// mostDrawn bounds --counts.
const mostDrawn = 100_000

// counts are the numbers of --counts, of which the first, of the images to train on, is not zero.
func (d *dataFlags) counts() ([]int, error) {
	n, err := flags.ParseInts(d.Counts)
	if err != nil || len(n) != 3 || slices.Max(n) > mostDrawn || slices.Min(n) < 0 || n[0] < 1 {
		return nil, fmt.Errorf("--counts %s: three numbers up to %d are wanted, such as 60,20,40, the first of them (of training images) not zero", d.Counts, mostDrawn)
	}
	return n, nil
}

// parseSize reads N or HxW.
func parseSize(s string) (h, w int, err error) {
	hs, ws, both := strings.Cut(strings.ToLower(s), "x")
	if !both {
		ws = hs
	}
	h, err1 := strconv.Atoi(hs)
	w, err2 := strconv.Atoi(ws)
	if err1 != nil || err2 != nil || h < 32 || w < 32 || h > 8192 || w > 8192 {
		return 0, 0, fmt.Errorf("--size %s: it is N or HxW in pixels, each side from 32 to 8192", s)
	}
	return h, w, nil
}
