package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// ticks places about so many labelled ticks, at most half as many again, at multiples of 1, 2 or 5 times a power of ten.
type ticks int

// Ticks implements plot.Ticker.
func (n ticks) Ticks(low, high float64) []plot.Tick {
	step := niceStep(0.7 * (high - low) / float64(n))
	if !(step > 0) || math.IsInf(step, 0) {
		return nil
	}
	var out []plot.Tick
	for k := math.Ceil(low/step - 1e-9); k*step <= high+1e-9*step; k++ {
		out = append(out, plot.Tick{Value: min(max(k*step, low), high), Label: number(k*step, step)}) // an end that rounding moved out
	}
	return out
}

// niceStep is the smallest 1, 2 or 5 times a power of ten that is at least x.
func niceStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// number writes v with the decimals that steps of this size need, thousands as k and so on, with a true minus sign.
func number(v, step float64) string {
	if math.Abs(v) < step*1e-6 {
		return "0"
	}
	unit := ""
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if step >= u.size/10 && math.Abs(v) >= u.size {
			v, step, unit = v/u.size, step/u.size, u.name
			break
		}
	}
	if step < 1e-3 && math.Abs(v) < 0.02 {
		return exponent(v, 2)
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	return minus(strconv.FormatFloat(v, 'f', decimals, 64)) + unit
}

// short writes v with so many significant digits, for legends.
func short(v float64, digits int) string {
	switch a := math.Abs(v); {
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	case math.IsNaN(v):
		return "not a number"
	case a != 0 && (a < 1e-3 || a >= 1e6):
		return exponent(v, digits-1)
	case a >= math.Pow(10, float64(digits)):
		return minus(strconv.FormatFloat(v, 'f', 0, 64))
	}
	return minus(strconv.FormatFloat(v, 'g', digits, 64))
}

// exponent writes v as 1.5e−5, with up to so many decimals.
func exponent(v float64, decimals int) string {
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(v, 'e', decimals, 64), "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	sign, power := strings.TrimPrefix(power[:1], "+"), strings.TrimLeft(power[1:], "0")
	return minus(mantissa + "e" + sign + power)
}

func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// logTicks labels powers of ten, and 2 and 5 times them where few fit.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(low, high float64) []plot.Tick {
	var out []plot.Tick
	decades := math.Log10(high / low)
	for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < low*(1-1e-9) || v > high*(1+1e-9) {
				continue
			}
			label := ""
			if m == 1 || decades < 2.5 && (m == 2 || m == 5) || decades < 0.5 {
				label = number(v, v)
			}
			out = append(out, plot.Tick{Value: v, Label: label})
		}
	}
	return out
}
