package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/datasets"
	"github.com/spf13/cobra"
)

// frameFlags say what is seen of pictures.
type frameFlags struct {
	fit, region, mask string
	tile, overlap     int
}

func (f *frameFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.fit, "fit", datasets.FitStretch, "how pictures of another aspect than --size become inputs: stretch, pad (whole, grey around) or crop (the middle)")
	fl.StringVar(&f.region, "region", "", "part of the pictures to look at: left,top,width,height or a polygon x,y x,y x,y..., in pixels of the first training image")
	fl.StringVar(&f.mask, "region-mask", "", "picture that is not black where to look")
	fl.IntVar(&f.tile, "tile", 0, "cut pictures into tiles of this side in pixels at their own size, a multiple of 32, instead of shrinking them to --size")
	fl.IntVar(&f.overlap, "overlap", 64, "of neighbouring tiles, in pixels")
	flags.Mark(cmd, flags.IsPath, "region-mask")
}

// check looks at what can be told without pictures.
func (f *frameFlags) check(given func(flag string) bool) error {
	switch {
	case f.region != "" && f.mask != "":
		return errors.New("--region and --region-mask exclude each other")
	case f.tile != 0 && given("size"):
		return errors.New("--size and --tile exclude each other: tiles are not resized")
	case f.tile == 0 && given("overlap"):
		return errors.New("--overlap goes with --tile")
	}
	if _, err := f.corners(); err != nil {
		return err
	}
	if err := (&datasets.Frame{Fit: f.fit, Tile: f.tile, Overlap: f.laps()}).Check(); err != nil {
		return fmt.Errorf("--fit, --tile, --overlap: %w", err)
	}
	return nil
}

// laps is the overlap of tiles, if there are tiles.
func (f *frameFlags) laps() int {
	if f.tile == 0 {
		return 0
	}
	return f.overlap
}

// size is the input's height and width.
func (f *frameFlags) size(data *datasets.Data) [2]int {
	if f.tile > 0 {
		return [2]int{f.tile, f.tile}
	}
	return [2]int{data.H, data.W}
}

// corners are those of --region.
func (f *frameFlags) corners() (corners [][2]float64, err error) {
	fields := strings.Fields(f.region)
	var numbers []float64
	for _, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			v, err := strconv.ParseFloat(part, 64)
			if err != nil {
				return nil, fmt.Errorf("--region %s: %q is no number", f.region, part)
			}
			numbers = append(numbers, v)
		}
	}
	if len(fields) == 1 && len(numbers) == 4 {
		l, t, r, b := numbers[0], numbers[1], numbers[0]+numbers[2], numbers[1]+numbers[3]
		return [][2]float64{{l, t}, {r, t}, {r, b}, {l, b}}, nil
	}
	if len(numbers) != 2*len(fields) || len(fields) == 1 || len(fields) == 2 {
		return nil, fmt.Errorf("--region %s: it is left,top,width,height or three corners x,y or more", f.region)
	}
	for i := 0; i < len(numbers); i += 2 {
		corners = append(corners, [2]float64{numbers[i], numbers[i+1]})
	}
	return corners, nil
}

// frame is what the detector keeps; nil: everything is seen, stretched.
func (f *frameFlags) frame(train datasets.Set) (*datasets.Frame, error) {
	frame := &datasets.Frame{Tile: f.tile, Overlap: f.laps()}
	if f.fit != datasets.FitStretch {
		frame.Fit = f.fit
	}
	corners, err := f.corners()
	if err == nil && f.mask != "" {
		frame.Region, err = datasets.RegionOfMask(f.mask)
	}
	if err == nil && corners != nil {
		w, h, size := train[0].PictureSize()
		frame.Region, err = &datasets.Region{W: w, H: h, Polygon: corners}, size
	}
	if err != nil {
		return nil, err
	}
	if *frame == (datasets.Frame{}) {
		return nil, nil
	}
	if err := frame.Check(); err != nil {
		return nil, fmt.Errorf("--region: %w", err)
	}
	return frame, nil
}
