package backbone

// Work counts the multiplications and additions of all convolutions for one image of h×w pixels.
func (b *Backbone) Work(h, w int) float64 {
	work := 0.0
	count := func(c *conv, h, w int) (int, int) {
		h, w = (h+c.stride-1)/c.stride, (w+c.stride-1)/c.stride
		work += 2 * float64(c.out*h*w*len(c.w)/c.out)
		return h, w
	}
	h, w = count(&b.net.stem, h, w)
	if b.net.maxPool {
		h, w = (h+1)/2, (w+1)/2
	}
	for i := range b.net.blocks {
		r := &b.net.blocks[i]
		if r.shortcut != nil {
			count(r.shortcut, h, w)
		}
		for k := range r.body {
			h, w = count(&r.body[k], h, w)
		}
	}
	return work
}
