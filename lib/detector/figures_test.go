package detector

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// Every figure that metrics.json has stands in the table, under the key that it has there and with its own value.
func TestEveryFigureIsInTheTable(t *testing.T) {
	m := Metrics{PixelMetrics: &PixelMetrics{ReferencePRO: new(float64), AUPIMO: new(float64)}}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		if _, there := keys[f.Key]; !there {
			t.Errorf("%s: metrics.json has no %s", f.Name, f.Key)
		}
		var one Metrics
		one.PixelMetrics = &PixelMetrics{}
		if err := json.Unmarshal([]byte(`{"`+f.Key+`": 0.25}`), &one); err != nil || f.Of(one) != 0.25 {
			t.Errorf("%s: %v for a %s of 0.25, %v", f.Name, f.Of(one), f.Key, err)
		}
		delete(keys, f.Key)
	}
	for key, v := range keys {
		_, number := v.(float64)
		if number && !strings.HasSuffix(key, "_threshold") && !strings.HasSuffix(key, "images") && key != "parts" && key != "regions" {
			t.Errorf("%s is in metrics.json and not in the table of figures", key)
		}
	}
	for _, f := range figures {
		if v := f.Of(Metrics{}); strings.HasPrefix(f.Key, "det") == math.IsNaN(v) {
			t.Errorf("%s of a test without masks is %v", f.Name, v)
		}
	}
}
