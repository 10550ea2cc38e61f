package assist

import "reflect"

// Shape is what a tensor's Shape or a matrix's Dims says, or a length; nil for scalars.
func Shape(v reflect.Value) []int {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || isNil(v) {
		return nil
	}
	if out := callNoArgs(v, "Shape", 1); out != nil && out[0].Kind() == reflect.Slice && out[0].Type().Elem().Kind() == reflect.Int {
		dims := make([]int, out[0].Len())
		for i := range dims {
			dims[i] = int(out[0].Index(i).Int())
		}
		return dims
	}
	if out := callNoArgs(v, "Dims", 2); out != nil && out[0].CanInt() && out[1].CanInt() {
		return []int{int(out[0].Int()), int(out[1].Int())}
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		dims := []int{v.Len()}
		if v.Len() > 0 && v.Index(0).Kind() == reflect.Slice {
			dims = append(dims, v.Index(0).Len())
		}
		return dims
	case reflect.Map, reflect.Chan, reflect.String:
		return []int{v.Len()}
	}
	return nil
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.Interface:
		return v.IsNil()
	}
	return false
}

// callNoArgs calls a compiled type's method.
func callNoArgs(v reflect.Value, name string, results int) (out []reflect.Value) {
	defer func() {
		if recover() != nil { // a zero value that its method does not like
			out = nil
		}
	}()
	if interpreted(v.Type()) {
		return nil
	}
	m := v.MethodByName(name)
	if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != results {
		return nil
	}
	return m.Call(nil)
}

// Memory is the size of a value with what it directly points to.
func Memory(v reflect.Value) int64 { return memory(v, 8) }

// memory follows so many pointers and slices, one in the other: a value may hold itself.
func memory(v reflect.Value, levels int) int64 {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || isNil(v) {
		return 0
	}
	if out := callNoArgs(v, "MemSize", 1); out != nil && out[0].CanUint() {
		return int64(out[0].Uint())
	}
	size := int64(v.Type().Size())
	if levels--; levels < 0 {
		return size
	}
	switch v.Kind() {
	case reflect.Pointer:
		return size + memory(v.Elem(), levels)
	case reflect.String:
		return size + int64(v.Len())
	case reflect.Map:
		return size + int64(v.Len())*int64(v.Type().Key().Size()+v.Type().Elem().Size())
	case reflect.Slice:
		return size + sliceBytes(v, levels)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Slice || f.Kind() == reflect.String {
				size += memory(f, levels) - int64(f.Type().Size())
			}
		}
	}
	return size
}

func sliceBytes(v reflect.Value, levels int) int64 {
	size := int64(v.Cap()) * int64(v.Type().Elem().Size())
	const most = 1000
	switch v.Type().Elem().Kind() {
	case reflect.Slice, reflect.String:
		for i := range min(v.Len(), most) {
			size += memory(v.Index(i), levels) - int64(v.Type().Elem().Size())
		}
	}
	return size
}
