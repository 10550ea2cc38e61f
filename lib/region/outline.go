package region

// The boundary of a region consists of the edges between its pixels and others. They are walked so that the region lies on
// the right: along the top of a pixel to the right, down its right side, along its bottom to the left, up its left side. A
// ring that goes once around the region runs clockwise on a screen, one around a hole against the clock.

// way is a direction along the edges: right, down, left, up.
type way int

const (
	right way = iota
	down
	left
	up
)

// step is one edge further.
var step = [4][2]int{right: {1, 0}, down: {0, 1}, left: {-1, 0}, up: {0, -1}}

// ahead are the pixels beyond the end of an edge that starts at (x,y) of the region's pixel: on the left and on the right
// of the way, as seen from the corner where the edge ends.
var aheadLeft = [4][2]int{right: {0, -1}, down: {0, 0}, left: {-1, 0}, up: {-1, -1}}
var aheadRight = [4][2]int{right: {0, 0}, down: {-1, 0}, left: {-1, -1}, up: {0, -1}}

// outline gives every region its rings. Each ring has an edge along the top of a pixel, the outer one before those of
// holes, in the order of rows.
func (f *Found) outline() {
	walked := make([]uint64, (len(f.labels)+63)/64) // the tops of pixels
	above := make([]int32, f.W)                     // the first row has nothing above it
	for _, r := range f.rows {
		at := int(r.y) * f.W
		if r.y > 0 {
			above = f.labels[at-f.W : at]
		}
		label := f.labels[at+int(r.left)]
		for x := int(r.left); x < int(r.right); x++ {
			if above[x] == label || walked[(at+x)/64]>>((at+x)%64)&1 == 1 {
				continue // its top is no boundary, or has been walked
			}
			ring := f.walk(x, int(r.y), label, walked)
			if r := &f.Regions[label-1]; r.Outline == nil {
				r.Outline = ring
			} else {
				r.Holes = append(r.Holes, ring)
			}
		}
	}
}

func (f *Found) is(x, y int, label int32) bool {
	return x >= 0 && y >= 0 && x < f.W && y < f.H && f.labels[y*f.W+x] == label
}

// walk goes around from the top left corner of pixel (x,y) and gives the corners where the way turns. At a corner where two
// pixels touch it turns left, over to the other one, since diagonals belong together.
func (f *Found) walk(x, y int, label int32, walked []uint64) (ring Ring) {
	startX, startY := x, y
	for w := right; ; {
		if w == right {
			at := y*f.W + x
			walked[at/64] |= 1 << (at % 64)
		}
		x, y = x+step[w][0], y+step[w][1]
		before := w
		switch {
		case f.is(x+aheadLeft[w][0], y+aheadLeft[w][1], label):
			w = (w + 3) % 4
		case !f.is(x+aheadRight[w][0], y+aheadRight[w][1], label):
			w = (w + 1) % 4
		}
		if w != before {
			ring = append(ring, Point{float64(x), float64(y)})
		}
		if x == startX && y == startY && w == right {
			return ring
		}
	}
}
