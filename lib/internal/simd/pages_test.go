package simd

import "testing"

// TestHugePages holds that the range of whole huge pages has the array in it and not a page more than it needs, and that
// long and short arrays are zeros of the length that was asked for.
func TestHugePages(t *testing.T) {
	const page = 2 << 20
	for _, at := range []uintptr{page, page + 4, 3*page - 4, 5*page + 4096} {
		for _, n := range []int{4, page - 4, page, page + 4, 3*page + 8} {
			from, length := hugePages(at, n)
			end := at + uintptr(n)
			if from%page != 0 || length%page != 0 || from > at || from+page <= at || from+length < end || from+length-page >= end {
				t.Errorf("hugePages(%#x, %d) = %#x, %#x", at, n, from, length)
			}
		}
	}
	for _, n := range []int{0, 1, hugeFrom/4 - 1, hugeFrom / 4, hugeFrom} {
		v := Floats(n)
		if len(v) != n {
			t.Errorf("Floats(%d) has %d", n, len(v))
		}
		for i, f := range v {
			if f != 0 {
				t.Fatalf("Floats(%d)[%d] = %v", n, i, f)
			}
			v[i] = 1
		}
	}
}
