package weights

import (
	"math"
	"testing"
)

// slowHalf evaluates a binary16 from its definition.
func slowHalf(h uint16) float64 {
	sign := 1 - 2*float64(h>>15)
	exp, frac := int(h>>10&31), float64(h&1023)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac/1024, -14)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * math.Ldexp(1+frac/1024, exp-15)
}

func TestHalfToFloatAllValues(t *testing.T) {
	for h := range 1 << 16 {
		got, want := float64(halfToFloat(uint16(h))), slowHalf(uint16(h))
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("half %#04x gives %g, want %g", h, got, want)
		}
		back := floatToHalf(float32(want))
		if !math.IsNaN(want) && back != uint16(h) {
			t.Fatalf("half %#04x comes back as %#04x", h, back)
		}
	}
}

// Between two neighbours a value goes to the nearer one, from the middle to the one whose last bit is 0.
func TestFloatToHalfRounds(t *testing.T) {
	for h := range uint16(0x7bff) {
		lo, hi := slowHalf(h), slowHalf(h+1)
		mid := float32((lo + hi) / 2)
		even := h + h&1
		below, above := math.Nextafter32(mid, 0), math.Nextafter32(mid, math.MaxFloat32)
		if a, b, c := floatToHalf(below), floatToHalf(mid), floatToHalf(above); a != h || b != even || c != h+1 {
			t.Fatalf("around the middle of %#04x and the next: %#04x %#04x %#04x", h, a, b, c)
		}
		if floatToHalf(-mid) != even|0x8000 {
			t.Fatalf("the sign of −%g is lost", mid)
		}
	}
	if floatToHalf(65519) != 0x7bff || floatToHalf(65520) != 0x7c00 || floatToHalf(float32(math.Inf(-1))) != 0xfc00 {
		t.Error("overflow does not round to infinity")
	}
	if h := floatToHalf(float32(math.NaN())); h&0x7c00 != 0x7c00 || h&0x3ff == 0 {
		t.Errorf("NaN became %#04x", h)
	}
}

func TestFloatToBrainRounds(t *testing.T) {
	for h := range uint32(0x7f7f) {
		mid := math.Float32frombits(h<<16 | 0x8000)
		even := uint16(h + h&1)
		below, above := math.Nextafter32(mid, 0), math.Nextafter32(mid, math.MaxFloat32)
		if a, b, c := floatToBrain(below), floatToBrain(mid), floatToBrain(above); a != uint16(h) || b != even || c != uint16(h+1) {
			t.Fatalf("around the middle of %#04x and the next: %#04x %#04x %#04x", h, a, b, c)
		}
	}
	if v := floatToBrain(float32(math.NaN())); v&0x7f80 != 0x7f80 || v&0x7f == 0 {
		t.Errorf("NaN became %#04x", v)
	}
}

func TestDTypesEncodeWhatTheyDecode(t *testing.T) {
	for _, d := range dtypes {
		raw := make([]byte, 3*d.size)
		for i := range raw {
			raw[i] = byte(37*i + 1)
		}
		if d.name == "BOOL" {
			copy(raw, []byte{0, 1, 1})
		}
		if d.name == "F64" { // of which a float32 is kept
			for i, v := range []float64{0.5, -3, 1e30} {
				d.putFloat(raw[8*i:], float32(v))
			}
		}
		floats, ints := d.decode(raw)
		back := make([]byte, len(raw))
		d.encode(back, Tensor{Data: floats, Ints: ints})
		if string(back) != string(raw) {
			t.Errorf("%s: % x came back as % x", d.name, raw, back)
		}
	}
}
