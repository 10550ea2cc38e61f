package plots

import (
	"image/color"
	"math"
	"sync"
)

// A ColorMap gives a colour to each of 256 levels, from the least to the greatest value. It is worked out when it is first
// used.
type ColorMap struct{ levels func() *[256]color.NRGBA }

// NewColorMap makes a map of one's own.
func NewColorMap(levels [256]color.NRGBA) *ColorMap {
	return &ColorMap{levels: func() *[256]color.NRGBA { return &levels }}
}

// At is the colour of t in [0,1]; values outside take the end's colour, NaN a mid grey that no map contains.
func (m *ColorMap) At(t float64) color.NRGBA {
	if math.IsNaN(t) {
		return color.NRGBA{0x80, 0x80, 0x80, 0xFF}
	}
	return m.levels()[int(255*min(max(t, 0), 1)+0.5)]
}

// The colour maps are computed in OKLCh: lightness rises evenly, the hue turns, the chroma is what sRGB can show of it. So
// equal steps of value look like equal steps, also in grey and to colour-blind readers.
var (
	// Ember goes from black over violet and orange to pale yellow, for abnormality.
	Ember = rampOf(0.08, 0.97, 285, 465, 0.19)
	// Blaze is Ember without its dark half, for maps laid over a picture: what is normal does not darken it.
	Blaze = rampOf(0.5, 0.97, 335, 465, 0.21)
	// Lagoon goes from dark violet over teal to pale yellow-green, for likelihood.
	Lagoon = rampOf(0.22, 0.95, 300, 112, 0.15)
	// Grey goes from black to white.
	Grey = rampOf(0, 1, 0, 0, 0)
)

// rampOf makes a map from lightness and hue (degrees) of both ends and the largest chroma.
func rampOf(l0, l1, h0, h1, chroma float64) *ColorMap {
	return &ColorMap{levels: sync.OnceValue(func() *[256]color.NRGBA { return levelsOf(l0, l1, h0, h1, chroma) })}
}

func levelsOf(l0, l1, h0, h1, chroma float64) *[256]color.NRGBA {
	lightness := func(i int) float64 { return l0 + float64(i)/255*(l1-l0) }
	hue := func(i int) float64 { return (h0 + float64(i)/255*(h1-h0)) * math.Pi / 180 }
	var limit [256]float64
	for i := range limit {
		limit[i] = chroma
		for limit[i] > 0 && !inGamut(okLCh(lightness(i), limit[i], hue(i))) {
			limit[i] = max(0, limit[i]-0.001)
		}
	}
	m := new([256]color.NRGBA)
	for i, c := range smooth(limit) {
		m[i] = toSRGB(okLCh(lightness(i), c, hue(i)))
	}
	return m
}

// smooth rounds off the corners where the chroma meets the edge of the gamut, which would show as bands. It stays inside.
func smooth(limit [256]float64) (c [256]float64) {
	const reach = 24
	c = limit
	for range 3 {
		last := c
		for i := range c {
			sum, n := 0.0, 0.0
			for j := max(0, i-reach); j <= min(255, i+reach); j++ {
				sum, n = sum+last[j], n+1
			}
			c[i] = min(limit[i], sum/n)
		}
	}
	return c
}

// okLCh converts to linear sRGB by the matrices of Björn Ottosson's OKLab.
func okLCh(lightness, chroma, hue float64) [3]float64 {
	a, b := chroma*math.Cos(hue), chroma*math.Sin(hue)
	cube := func(x float64) float64 { return x * x * x }
	l := cube(lightness + 0.3963377774*a + 0.2158037573*b)
	m := cube(lightness - 0.1055613458*a - 0.0638541728*b)
	s := cube(lightness - 0.0894841775*a - 1.2914855480*b)
	return [3]float64{
		4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s,
	}
}

func inGamut(rgb [3]float64) bool {
	for _, v := range rgb {
		if v < -1e-6 || v > 1+1e-6 {
			return false
		}
	}
	return true
}

// toSRGB applies the transfer curve of sRGB.
func toSRGB(rgb [3]float64) color.NRGBA {
	encode := func(v float64) uint8 {
		v = min(max(v, 0), 1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		return uint8(255*v + 0.5)
	}
	return color.NRGBA{encode(rgb[0]), encode(rgb[1]), encode(rgb[2]), 0xFF}
}
