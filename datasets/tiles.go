package datasets

import (
	"fmt"
	"sync"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// Tiles are a set's pictures cut into tiles.
type Tiles struct {
	Set     Set    // the tiles, picture by picture: samples called NAME@LEFT,TOP, each of its picture's part
	Views   []View // what each shows of its picture
	Picture []int  // the place of each tile's picture in the set that was cut
	Canvas  []View // of each picture: what its tiles cover together
}

// Tiles cuts the set's pictures into tiles by its Reading's Frame, which must say so. Sizes are read from the files'
// headers; the first picture that has none is an error. A picture is decoded once for all its tiles, where they are loaded
// in their order.
func (s Set) Tiles() (*Tiles, error) {
	t, cache := &Tiles{}, &pictureCache{}
	for i, sample := range s {
		frame := sample.howRead().Frame
		if frame == nil || frame.Tile == 0 {
			panic("datasets: Tiles of a set that is not read in tiles")
		}
		w, h, err := sample.PictureSize()
		if err != nil {
			return nil, err
		}
		canvas, views := frame.Tiles(w, h)
		for _, v := range views {
			tile := sample
			tile.Name, tile.Group = fmt.Sprintf("%s@%d,%d", sample.Name, v.Left, v.Top), Set{sample}.Parts()[0]
			tile.pixels, tile.asIs = tileSource{sample.pixels, i, cache, frame, v}, true
			t.Set, t.Picture = append(t.Set, tile), append(t.Picture, i)
		}
		t.Views, t.Canvas = append(t.Views, views...), append(t.Canvas, canvas)
	}
	return t, nil
}

// tileSource is a tile of another source's picture.
type tileSource struct {
	source
	picture int // its place among those of the cache
	cache   *pictureCache
	frame   *Frame
	view    View
}

func (t tileSource) read(how *reading) (picture.Raster, *Mask, error) {
	pic, mask, err := t.cache.read(t.picture, t.source, how)
	if err != nil {
		return picture.Raster{}, nil, err
	}
	side := t.frame.Tile
	if mask != nil {
		mask = t.frame.seenMask(mask, t.view, side, side).clone()
	}
	seen := t.frame.seen(pic, t.view, side, side)
	if t.view.Whole() {
		seen = seen.Clone()
	}
	return seen, mask, nil
}

// pictureCache keeps the pictures that were decoded last: where tiles are loaded in order, two are under way.
type pictureCache struct {
	mu   sync.Mutex
	last [2]*decoded
}

type decoded struct {
	place int
	once  sync.Once
	pic   picture.Raster
	mask  *Mask
	err   error
}

// read gives pixels that MUST NOT be changed.
func (c *pictureCache) read(place int, of source, how *reading) (picture.Raster, *Mask, error) {
	c.mu.Lock()
	var d *decoded
	for _, kept := range c.last {
		if kept != nil && kept.place == place {
			d = kept
		}
	}
	if d == nil {
		d = &decoded{place: place}
		c.last[0], c.last[1] = d, c.last[0]
	}
	c.mu.Unlock()
	d.once.Do(func() { d.pic, d.mask, d.err = of.read(how) })
	return d.pic, d.mask, d.err
}
