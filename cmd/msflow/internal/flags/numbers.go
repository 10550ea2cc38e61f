package flags

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseInts reads numbers between commas.
func ParseInts(s string) ([]int, error) {
	var out []int
	for _, part := range strings.Split(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number", part)
		}
		out = append(out, n)
	}
	return out, nil
}

// largest are the largest values of flags: beyond them is no memory, no number that float32 holds, or nothing left to learn from.
var largest = map[string]float64{"batch": 1 << 16, "epochs": 1e6, "lr": 1000, "noise": 100, "clamp": 100, "width": 64}

// AtMost refuses a number that is larger than the flag's largest.
func AtMost(flag string, v float64) error {
	if most := largest[flag]; v > most {
		return fmt.Errorf("--%s %v: it is at most %v", flag, v, most)
	}
	return nil
}

// Positive refuses a number that is zero, negative, infinite or none.
func Positive(flag string, v float64) error {
	if !(v > 0) || math.IsInf(v, 0) {
		return fmt.Errorf("--%s %v: it must be positive and finite", flag, v)
	}
	return nil
}
