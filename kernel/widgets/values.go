package widgets

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// modelsJSON is every kind's state as ipywidgets has it by default; testdata/models.py writes it.
//
//go:embed models.json
var modelsJSON []byte

// kinds is that state by kind.
var kinds = readKinds()

// partKind stands for a model of that kind, of a widget's own.
type partKind string

// Kinds are the names that New takes.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

func readKinds() map[string]map[string]any {
	d := json.NewDecoder(bytes.NewReader(modelsJSON))
	d.UseNumber() // 100 is an int and 100.0 is not
	var all map[string]map[string]any
	if err := d.Decode(&all); err != nil {
		panic("widgets: models.json: " + err.Error())
	}
	for _, state := range all {
		for key, v := range state {
			if state[key] = fromJSON(v); key == "layout" || key == "style" {
				state[key] = partKind(strings.TrimPrefix(v.(string), reference))
			} else if key == "source" || key == "target" { // of a link: a model and an attribute
				state[key] = []any{nil, ""}
			}
		}
	}
	return all
}

// reference begins the text that stands for a model in messages.
const reference = "IPY_MODEL_"

// fromJSON is a decoded value as a state has it.
func fromJSON(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return int(n)
		}
		f, _ := v.Float64()
		return f
	case string:
		if id, ok := strings.CutPrefix(v, reference); ok {
			if m := find(id); m != nil {
				return m
			}
		}
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = fromJSON(x)
		}
		return list
	}
	return v
}

// accept is value as the attribute's state has it; an error says what is wrong with it.
func (m *Model) accept(key string, value any) (any, error) {
	m.mu.Lock()
	now, ok := m.state[key]
	m.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("%s has no %q", m.kind, key)
	}
	v, ok := as(kinds[m.kind][key], now, value)
	if !ok {
		return nil, fmt.Errorf("%s of %s cannot be %v (%T)", key, m.kind, value, value)
	}
	if list, ok := v.([]any); ok && key == "children" {
		for i, child := range list {
			if c, ok := child.(*Model); !ok || c == nil {
				return nil, fmt.Errorf("children of %s: number %d is %v (%T), and no widget", m.kind, i+1, child, child)
			}
		}
	}
	return v, nil
}

// nesting is held while widgets are put into one another, so that two of them cannot both pass mayHold.
var nesting sync.Mutex

// mayHold says what is wrong with an attribute that the widget itself is in: neither front ends nor static forms would come
// to its end.
func (m *Model) mayHold(key string, v any) error {
	seen := map[*Model]bool{}
	for _, held := range modelsIn(v) {
		if held == m {
			return fmt.Errorf("%s of %s cannot hold that %s itself", key, m.kind, m.kind)
		}
		if held.holds(m, seen) {
			return fmt.Errorf("%s of %s cannot hold a %s in which that %s is", key, m.kind, held.kind, m.kind)
		}
	}
	return nil
}

// holds tells whether another widget is in this one, however deep.
func (m *Model) holds(other *Model, seen map[*Model]bool) bool {
	if seen[m] {
		return false
	}
	seen[m] = true
	m.mu.Lock()
	var held []*Model
	for _, v := range m.state {
		held = append(held, modelsIn(v)...)
	}
	m.mu.Unlock()
	return slices.ContainsFunc(held, func(h *Model) bool { return h == other || h.holds(other, seen) })
}

func hasModels(v any) bool { return len(modelsIn(v)) > 0 }

// modelsIn are the models of a state's value.
func modelsIn(v any) (models []*Model) {
	switch v := v.(type) {
	case *Model:
		return []*Model{v}
	case []any:
		for _, x := range v {
			models = append(models, modelsIn(x)...)
		}
	}
	return models
}

// as is value in the type of an attribute with this default, and false where it has none. What is null by default takes
// anything.
func as(byDefault, now, value any) (any, bool) {
	if w, ok := value.(Widget); ok {
		value = base(w)
	}
	if _, ok := now.([]byte); ok {
		b, ok := value.([]byte)
		return b, ok
	}
	switch byDefault := byDefault.(type) {
	case int:
		f, ok := number(value)
		return int(f), ok && f == math.Trunc(f) && math.Abs(f) < 1<<53
	case float64:
		return finite(value)
	case bool:
		b, ok := value.(bool)
		return b, ok
	case string:
		s, ok := value.(string)
		return s, ok
	case partKind:
		p, ok := value.(*Model)
		return p, ok
	case []any:
		return listLike(byDefault, value)
	}
	if f, ok := value.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f), true
	}
	return value, true
}

// base is a widget's model, nil for one that is a nil pointer.
func base(w Widget) any {
	if r := reflect.ValueOf(w); r.Kind() == reflect.Pointer && r.IsNil() {
		return nil
	}
	return w.Base()
}

func finite(value any) (any, bool) {
	f, ok := number(value)
	return f, ok && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// listLike is a slice as a list whose elements are those of the default, as far as it has any.
func listLike(byDefault []any, value any) (any, bool) {
	r := reflect.ValueOf(value)
	if r.Kind() != reflect.Slice && r.Kind() != reflect.Array {
		return nil, false
	}
	list := make([]any, r.Len())
	for i := range list {
		var like any
		if i < len(byDefault) {
			like = byDefault[i]
		}
		v, ok := as(like, nil, r.Index(i).Interface())
		if !ok {
			return nil, false
		}
		list[i] = v
	}
	return list, true
}

func number(v any) (float64, bool) {
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	case r.CanFloat():
		return r.Float(), true
	}
	return 0, false
}

// within is a number, or each of a list, no less than low and no more than high, which are nil where there is no bound.
func within(v, low, high any) any {
	switch v := v.(type) {
	case int:
		a, ok1 := low.(int)
		b, ok2 := high.(int)
		if ok1 && ok2 {
			return max(a, min(b, v))
		}
	case float64:
		a, ok1 := low.(float64)
		b, ok2 := high.(float64)
		if ok1 && ok2 {
			return max(a, min(b, v))
		}
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = within(x, low, high)
		}
		return list
	}
	return v
}

// bounds are what the widget's value is between; nil where there is no bound.
func (m *Model) bounds() (low, high any) {
	low, high = m.state["min"], m.state["max"]
	if m.kind == "FloatLogSlider" { // its bounds are exponents
		base := m.state["base"].(float64)
		return math.Pow(base, low.(float64)), math.Pow(base, high.(float64))
	}
	return low, high
}

// same tells whether two values of a state are equal. A model is only equal to itself.
func same(a, b any) bool {
	switch a := a.(type) {
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case *Model:
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
