package jupyter

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// FuzzEncode compares the JSON of contents with that of encoding/json, as it reads again.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "<p class=\"x\">a\\b</p>\n", "\x00\x1f\x7f\t\r", "ä€😀\u2028", "\xff\xc3", strings.Repeat("<", 100)} {
		f.Add(s, int64(1))
	}
	f.Fuzz(func(t *testing.T, s string, n int64) {
		content := object{s: s, "n": n, "data": object{"text/html": s, "list": []string{s}}, "none": nil, "nothing": object(nil)}
		got, err := encode(content)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if err := json.Unmarshal(got, &a); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		if err := json.Unmarshal(want, &b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%q is encoded as %s", s, got)
		}
	})
}

func TestEncode(t *testing.T) {
	text := strings.Repeat("<p>", 1000)
	got, err := encode(object{"data": object{"text/html": text}})
	if err != nil || len(got) > len(text)+100 || cap(got) > len(text)*5/4 {
		t.Errorf("%d bytes of HTML are %d, in %d, %v", len(text), len(got), cap(got), err)
	}
	if _, err := encode(object{"data": object{"x": math.NaN()}}); err == nil {
		t.Error("NaN has no JSON")
	}
}
