package jupyter

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"
)

// encode is the JSON of a message's content. encoding/json would write <p> as \u003cp\u003e, and hold long texts several
// times over.
func encode(content object) ([]byte, error) {
	return appendObject(make([]byte, 0, estimate(content)), content)
}

// estimate is about how long the JSON of a value is that is mostly text.
func estimate(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) + len(v)/16 + 16
	case object:
		n := 2
		for key, x := range v {
			n += len(key) + 4 + estimate(x)
		}
		return n
	}
	return 32
}

func appendObject(b []byte, o object) ([]byte, error) {
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(o)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, key), ':')
		var err error
		if b, err = appendValue(b, o[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendString(b, v), nil
	case object:
		if v != nil {
			return appendObject(b, v)
		}
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}

// appendString writes a string as JSON. What is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0 // what is not written yet
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		}
		i++
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i-1]...)
		from = i
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[from:]...), '"')
}
