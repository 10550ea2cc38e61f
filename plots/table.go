package plots

import "strconv"

// cell writes a number so that reading it gives the same number back.
func cell(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// cell32 is cell for a map's value.
func cell32(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
