package plots

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A field is a map read as a surface over the plane: value (y,x) stands at the centre of pixel (y,x), and outside the map
// everything lies under the level, so that regions at the border are closed.
type field struct {
	values []float32
	h, w   int
	level  float32
}

func (f field) at(y, x int) float32 {
	if y < 0 || x < 0 || y >= f.h || x >= f.w {
		return f.level - 1
	}
	return f.values[y*f.w+x]
}

// contour is the line where a map of h×w values crosses level, in pixels from the map's top left corner: pairs of points,
// one pair per cell that the line runs through (marching squares).
func contour(values []float32, h, w int, level float64) (segments [][2][2]float64) {
	if !finite(level) {
		return nil // nothing reaches it, or everything
	}
	f := field{values, h, w, float32(level)}
	for y := -1; y < h; y++ {
		for x := -1; x < w; x++ {
			segments = f.march(segments, y, x)
		}
	}
	return segments
}

// march adds the line through the cell between the centres of pixels (y,x) and (y+1,x+1).
func (f field) march(segments [][2][2]float64, y, x int) [][2][2]float64 {
	corner := [4]float32{f.at(y, x), f.at(y, x+1), f.at(y+1, x+1), f.at(y+1, x)} // clockwise from the top left
	kind := 0
	for i, v := range corner {
		if v >= f.level {
			kind |= 1 << i
		}
	}
	if kind == 0 || kind == 15 {
		return segments
	}
	var cuts [][2]float64
	for i := range 4 { // edge i joins corners i and i+1
		if (kind>>i&1 == 1) != (kind>>((i+1)%4)&1 == 1) {
			cuts = append(cuts, f.cut(y, x, i, corner[i], corner[(i+1)%4]))
		}
	}
	if kind == 10 { // a saddle; regions join over corners, as the metrics' components do
		cuts[0], cuts[1], cuts[2], cuts[3] = cuts[3], cuts[0], cuts[1], cuts[2]
	}
	for i := 0; i+1 < len(cuts); i += 2 {
		segments = append(segments, [2][2]float64{cuts[i], cuts[i+1]})
	}
	return segments
}

// cut is where the line crosses edge i of a cell whose ends have the values a and b, as (x,y), kept inside the map.
func (f field) cut(y, x, i int, a, b float32) [2]float64 {
	t := 0.5
	if d := float64(b) - float64(a); d != 0 && finite(d) {
		t = min(max((float64(f.level)-float64(a))/d, 0), 1)
	}
	start := [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}}[i]
	way := [4][2]float64{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}[i]
	px := float64(x) + 0.5 + start[0] + t*way[0]
	py := float64(y) + 0.5 + start[1] + t*way[1]
	return [2]float64{min(max(px, 0), float64(f.w)), min(max(py, 0), float64(f.h))}
}

// chains joins segments that share an end into lines, so that they are drawn without gaps.
func chains(segments [][2][2]float64) (lines [][][2]float64) {
	type end [2]int64
	key := func(p [2]float64) end { return end{int64(math.Round(p[0] * 1e6)), int64(math.Round(p[1] * 1e6))} }
	at := make(map[end][]int) // segments by their ends
	for i, s := range segments {
		at[key(s[0])] = append(at[key(s[0])], i)
		at[key(s[1])] = append(at[key(s[1])], i)
	}
	used := make([]bool, len(segments))
	follow := func(p [2]float64) (line [][2]float64) {
		for {
			next := -1
			for _, i := range at[key(p)] {
				if !used[i] {
					next = i
					break
				}
			}
			if next < 0 {
				return line
			}
			used[next] = true
			s := segments[next]
			if key(s[0]) == key(p) {
				p = s[1]
			} else {
				p = s[0]
			}
			line = append(line, p)
		}
	}
	for i, s := range segments {
		if used[i] {
			continue
		}
		used[i] = true
		back := follow(s[0])
		slices.Reverse(back)
		lines = append(lines, slices.Concat(back, [][2]float64{s[0], s[1]}, follow(s[1])))
	}
	return lines
}

// strokeContour draws the line where a map crosses level over the rectangle that shows the map. A light casing keeps it
// visible on any ground.
func strokeContour(c draw.Canvas, r vg.Rectangle, values []float32, h, w int, level float64, col color.Color) {
	var p vg.Path
	sx, sy := r.Size().X/vg.Length(w), r.Size().Y/vg.Length(h)
	for _, line := range chains(contour(values, h, w, level)) {
		for i, q := range line {
			at := vg.Point{X: r.Min.X + sx*vg.Length(q[0]), Y: r.Max.Y - sy*vg.Length(q[1])}
			switch {
			case i == 0:
				p.Move(at)
			case i == len(line)-1 && q == line[0]:
				p.Close()
			default:
				p.Line(at)
			}
		}
	}
	if len(p) == 0 {
		return
	}
	c.SetLineStyle(draw.LineStyle{Color: alpha(paper, 0xA0), Width: 2.25})
	c.Stroke(p)
	c.SetLineStyle(draw.LineStyle{Color: col, Width: 1.25})
	c.Stroke(p)
}
