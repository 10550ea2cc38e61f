package region

import "math"

// run is a row's touching pixels from the lower threshold on: those from left to before right. Regions are joined of runs,
// of which a map has far fewer than pixels.
type run struct {
	y, left, right int32
	parent         int32 // a run of the same region, the first one of all in the end
}

// joined lists the runs of a map in the order of rows. Runs touch where their pixels do, diagonally too.
func joined(values []float32, w int, low float64) []run {
	var runs []run
	before, now := 0, 0 // where the runs of the row before and of this one begin
	for y := range len(values) / w {
		before, now = now, len(runs)
		runs = appendRuns(runs, values[y*w:(y+1)*w], y, low)
		joinRows(runs, before, now)
	}
	for i := range runs {
		runs[i].parent = root(runs, int32(i))
	}
	return runs
}

// appendRuns appends the runs of a row, each its own parent.
func appendRuns(runs []run, row []float32, y int, low float64) []run {
	for x := 0; x < len(row); x++ {
		if !(float64(row[x]) >= low) {
			continue
		}
		left := x
		for x < len(row) && float64(row[x]) >= low {
			x++
		}
		runs = append(runs, run{int32(y), int32(left), int32(x), int32(len(runs))})
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
