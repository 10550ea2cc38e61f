package backbone

// Work counts the multiplications and additions of all convolutions, linear layers and products of the attention for one
// image of h×w pixels.
func (b *Backbone) Work(h, w int) float64 { return b.net.work(h, w) }

func (n *convNet) work(h, w int) float64 {
	work := 0.0
	count := func(c *conv, h, w int) (int, int) {
		h, w = (h+c.stride-1)/c.stride, (w+c.stride-1)/c.stride
		work += 2 * float64(c.out*h*w*len(c.w)/c.out)
		return h, w
	}
	h, w = count(&n.stem, h, w)
	if n.maxPool {
		h, w = (h+1)/2, (w+1)/2
	}
	for i := range n.blocks {
		r := &n.blocks[i]
		if r.shortcut != nil {
			count(r.shortcut, h, w)
		}
		for k := range r.body {
			h, w = count(&r.body[k], h, w)
		}
	}
	return work
}
