package flags

import (
	"fmt"
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
