package metrics

// A run is a horizontal stretch of defect pixels, columns [from,to) of one row.
type run struct{ row, from, to, region int }

// components finds the 8-connected regions of a mask of height h and width w: the runs of defect pixels in row-major
// order, each with its region's number, and the regions' areas in pixels, numbered by their first pixel.
func components(mask []uint8, h, w int) (runs []run, areas []int) {
	parent := forest{}
	previous := 0 // index of the first run of the row above
	for y := range h {
		current := len(runs)
		above := runs[previous:current]
		for x := 0; x < w; x++ {
			if mask[y*w+x] == 0 {
				continue
			}
			r := run{y, x, x + 1, len(parent)}
			for r.to < w && mask[y*w+r.to] != 0 {
				r.to++
			}
			parent = append(parent, r.region)
			above = joinAbove(parent, above, r)
			runs = append(runs, r)
			x = r.to
		}
		previous = current
	}
	return runs, number(runs, parent)
}

// joinAbove unites run r with the runs of the row above that it touches, diagonals included. It returns the runs above
// that the next run of r's row can still touch.
func joinAbove(parent forest, above []run, r run) []run {
	for len(above) > 0 && above[0].to < r.from {
		above = above[1:]
	}
	for i := 0; i < len(above) && above[i].from <= r.to; i++ {
		parent.unite(above[i].region, r.region)
	}
	return above
}

// number replaces each run's provisional region by a final one, counted from 0, and measures the regions.
func number(runs []run, parent forest) (areas []int) {
	final := make(map[int]int)
	for i := range runs {
		root := parent.root(runs[i].region)
		id, seen := final[root]
		if !seen {
			id = len(areas)
			final[root] = id
			areas = append(areas, 0)
		}
		runs[i].region = id
		areas[id] += runs[i].to - runs[i].from
	}
	return areas
}

// A forest is a union-find structure: each entry points towards its set's root, which points to itself.
type forest []int

func (f forest) root(i int) int {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

// unite keeps the smaller root, so that sets are named after their first member.
func (f forest) unite(a, b int) {
	a, b = f.root(a), f.root(b)
	f[max(a, b)] = min(a, b)
}
