package datasets

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
)

// ContactSheet draws the samples side by side, columns in a row and cell pixels wide and high each, with the outline of
// each one's mask in red: a look at what a model is given. Errors name the file. It panics if columns or cell is not
// positive.
func ContactSheet(set Set, columns, cell int) (image.Image, error) {
	if columns < 1 || cell < 1 {
		panic(fmt.Sprintf("datasets: ContactSheet of %d columns of %d pixels", columns, cell))
	}
	const gap = 2
	step := cell + gap
	rows := (len(set) + columns - 1) / columns
	sheet := image.NewRGBA(image.Rect(0, 0, columns*step+gap, rows*step+gap))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	errs := make([]error, len(set))
	inParallel(context.Background(), len(set), func(i int) {
		im, mask, err := set[i].Load(cell, cell)
		if errs[i] = err; err != nil {
			return
		}
		at := image.Pt(gap+i%columns*step, gap+i/columns*step)
		draw.Draw(sheet, im.Bounds().Add(at), im, image.Point{}, draw.Src)
		drawOutline(sheet, mask, at)
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return sheet, nil
}

// drawOutline reddens the pixels next to the mask, so that what lies in it can be seen.
func drawOutline(sheet *image.RGBA, mask *Mask, at image.Point) {
	if mask == nil {
		return
	}
	marked := func(x, y int) bool { return x >= 0 && y >= 0 && x < mask.W && y < mask.H && mask.Pix[y*mask.W+x] != 0 }
	for y := range mask.H {
		for x := range mask.W {
			if !marked(x, y) && (marked(x-1, y) || marked(x+1, y) || marked(x, y-1) || marked(x, y+1)) {
				sheet.Set(at.X+x, at.Y+y, color.RGBA{255, 0, 0, 255})
			}
		}
	}
}
