package region

import (
	"math"
	"slices"
)

// run is a row's touching pixels from the lower threshold on: those from left to before right. Regions are joined of runs,
// of which a map has far fewer than pixels.
type run struct {
	y, left, right int32
	parent         int32 // a run of the same region, the first one of all in the end
}

// joined lists the runs of a map's regions, and of what reaches Low only, in the order of rows.
func joined(values []float32, w int, t Thresholds) []run {
	var runs []run
	for y := range len(values) / w {
		runs = appendRuns(runs, values[y*w:(y+1)*w], y, 0, t.Low)
	}
	join(runs)
	if t.Share == 0 {
		return runs
	}
	strong := func(peak float64) bool { return t.Share*peak > t.High }
	runs = narrowed(runs, values, w, func(peak float64) (float64, bool) { return t.High, strong(peak) })
	return narrowed(runs, values, w, func(peak float64) (float64, bool) { return t.Share * peak, strong(peak) })
}

// narrowed leaves of joined runs what reaches a level that depends on the greatest value among those that touch, where there is one.
func narrowed(runs []run, values []float32, w int, level func(peak float64) (float64, bool)) (out []run) {
	peaks := make([]float64, len(runs)) // of a parent
	for i, r := range runs {
		peak := float64(slices.Max(values[int(r.y)*w+int(r.left) : int(r.y)*w+int(r.right)]))
		if int(r.parent) == i {
			peaks[i] = peak
		}
		peaks[r.parent] = max(peaks[r.parent], peak)
	}
	for _, r := range runs {
		if from, ok := level(peaks[r.parent]); ok {
			row := int(r.y) * w
			out = appendRuns(out, values[row+int(r.left):row+int(r.right)], int(r.y), int(r.left), from)
		} else {
			r.parent = int32(len(out))
			out = append(out, r)
		}
	}
	join(out)
	return out
}

// join makes runs that touch, diagonally too, have one parent, the first of them. They come in the order of rows, each its own parent.
func join(runs []run) {
	before, now := 0, 0 // where the runs of the row before and of this one begin
	for now < len(runs) {
		end := now
		for end < len(runs) && runs[end].y == runs[now].y {
			end++
		}
		if before < now && runs[before].y == runs[now].y-1 {
			joinRows(runs[:end], before, now)
		}
		before, now = now, end
	}
	for i := range runs {
		runs[i].parent = root(runs, int32(i))
	}
}

// appendRuns appends the runs of a part of row y that begins at x = first, each its own parent.
func appendRuns(runs []run, row []float32, y, first int, low float64) []run {
	for x := 0; x < len(row); x++ {
		if !(float64(row[x]) >= low) {
			continue
		}
		left := x
		for x < len(row) && float64(row[x]) >= low {
			x++
		}
		runs = append(runs, run{int32(y), int32(first + left), int32(first + x), int32(len(runs))})
	}
	return runs
}

// joinRows joins the runs from now on with those of the row before, from before to now, that they touch.
func joinRows(runs []run, before, now int) {
	for a, b := before, now; a < now && b < len(runs); {
		if runs[a].left <= runs[b].right && runs[b].left <= runs[a].right {
			p, q := root(runs, int32(a)), root(runs, int32(b))
			runs[max(p, q)].parent = min(p, q)
		}
		if runs[a].right < runs[b].right {
			a++
		} else {
			b++
		}
	}
}

// root is the first run of a region as far as it is joined. It shortens the way there.
func root(runs []run, i int32) int32 {
	for runs[i].parent != i {
		runs[i].parent = runs[runs[i].parent].parent
		i = runs[i].parent
	}
	return i
}

// sums are what a region's figures are made of.
type sums struct {
	area                     int
	score, mean, x, y        float64 // of all pixels; x and y of twice their middles, so that they are whole
	left, top, right, bottom int32
	label                    int32
}

var emptySums = sums{score: math.Inf(-1), left: math.MaxInt32, top: math.MaxInt32}

// add adds a run and its values.
func (s *sums) add(r run, values []float32) {
	n := r.right - r.left
	s.area += int(n)
	s.x += float64(n) * float64(r.left+r.right)
	s.y += float64(n) * float64(2*r.y+1)
	s.left, s.top, s.right, s.bottom = min(s.left, r.left), min(s.top, r.y), max(s.right, r.right), max(s.bottom, r.y+1)
	most, sum := values[0], 0.0
	for _, v := range values {
		if v > most {
			most = v
		}
		sum += float64(v)
	}
	s.score, s.mean = max(s.score, float64(most)), s.mean+sum
}

func (s *sums) region(label int32) Region {
	n := float64(s.area)
	return Region{
		Area: s.area, Score: s.score, Mean: s.mean / n, Centroid: Point{s.x / n / 2, s.y / n / 2},
		Box:   [4]float64{float64(s.left), float64(s.top), float64(s.right - s.left), float64(s.bottom - s.top)},
		label: label,
	}
}
