package hlo

import (
	"fmt"
	"strings"
)

// String is the program as an MLIR module whose function main XLA runs.
func (f *Func) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "module @%s%s {\n  func.func @main(", f.Name, f.partitions())
	for i, a := range f.Args {
		fmt.Fprintf(&b, "%s%v: %v", comma(i), a.name(), a.Type)
		var attributes []string
		if result, ok := f.Donated[i]; ok {
			attributes = append(attributes, fmt.Sprintf("tf.aliasing_output = %d : i32", result))
		}
		b.WriteString(braced(append(attributes, f.sharding(a.Type, f.BatchArgs[i])...)))
	}
	b.WriteString(") -> (")
	for i, r := range f.Results {
		fmt.Fprintf(&b, "%s%v%s", comma(i), r.Type, braced(f.sharding(r.Type, f.BatchResults[i])))
	}
	b.WriteString(") {\n")
	for _, op := range f.Ops {
		op.print(&b)
	}
	fmt.Fprintf(&b, "    \"func.return\"(%s) : (%s) -> ()\n  }\n}\n", names(f.Results), types(f.Results))
	return b.String()
}

// partitions says how many devices share the program.
func (f *Func) partitions() string {
	if f.Partitions <= 1 {
		return ""
	}
	return fmt.Sprintf(" attributes {mhlo.num_partitions = %d : i32, mhlo.num_replicas = 1 : i32}", f.Partitions)
}

// sharding tells XLA's partitioner how an argument or a result lies on the devices; what lies between it divides as it sees fit.
func (f *Func) sharding(t Type, batch bool) []string {
	if f.Partitions <= 1 {
		return nil
	}
	if !batch || !t.Divided(f.Partitions) {
		return []string{`mhlo.sharding = "{replicated}"`}
	}
	tiles, devices := make([]string, t.Rank()), make([]string, f.Partitions)
	for i := range tiles {
		tiles[i] = "1"
	}
	tiles[0] = fmt.Sprint(f.Partitions)
	for i := range devices {
		devices[i] = fmt.Sprint(i)
	}
	return []string{fmt.Sprintf(`mhlo.sharding = "{devices=[%s]%s}"`, strings.Join(tiles, ","), strings.Join(devices, ","))}
}

func braced(attributes []string) string {
	if len(attributes) == 0 {
		return ""
	}
	return " {" + strings.Join(attributes, ", ") + "}"
}

func (v *Value) name() string { return fmt.Sprintf("%%v%d", v.ID) }

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

func names(vs []*Value) string {
	var b strings.Builder
	for i, v := range vs {
		b.WriteString(comma(i) + v.name())
	}
	return b.String()
}

func types(vs []*Value) string {
	var b strings.Builder
	for i, v := range vs {
		b.WriteString(comma(i) + v.Type.String())
	}
	return b.String()
}

func (o *Op) print(b *strings.Builder) {
	fmt.Fprintf(b, "    %s = \"stablehlo.%s\"(%s)", o.Out.name(), o.Name, names(o.In))
	o.printRegions(b)
	if len(o.Attrs) > 0 {
		b.WriteString(" {")
		for i, a := range o.Attrs {
			fmt.Fprintf(b, "%s%s = %s", comma(i), a.Key, attribute(a.Value))
		}
		b.WriteString("}")
	}
	fmt.Fprintf(b, " : (%s) -> %v\n", types(o.In), o.Out.Type)
}

// printRegions writes the functions of two elements that an op works by.
func (o *Op) printRegions(b *strings.Builder) {
	if o.Combine == "" {
		return
	}
	t := Of(o.Out.DType)
	region := func(body string, out Type) string {
		return fmt.Sprintf("{\n      ^bb0(%%a: %v, %%b: %v):\n        %%c = %s\n        \"stablehlo.return\"(%%c) : (%v) -> ()\n    }", t, t, body, out)
	}
	combine := region(fmt.Sprintf("\"stablehlo.%s\"(%%a, %%b) : (%v, %v) -> %v", o.Combine, t, t, t), t)
	if o.Name != "select_and_scatter" {
		fmt.Fprintf(b, " (%s)", combine)
		return
	}
	flag := Of(Bool)
	chosen := region(fmt.Sprintf("\"stablehlo.compare\"(%%a, %%b) {comparison_direction = %s} : (%v, %v) -> %v", attribute(Compare("GE")), t, t, flag), flag)
	fmt.Fprintf(b, " (%s, %s)", chosen, combine)
}

func attribute(v any) string {
	switch v := v.(type) {
	case int:
		return fmt.Sprintf("%d : i64", v)
	case bool:
		return fmt.Sprint(v)
	case []int:
		if len(v) == 0 {
			return "array<i64>"
		}
		return "array<i64: " + list(v) + ">"
	case [][2]int:
		rows := make([]string, len(v))
		for i, r := range v {
			rows[i] = "[" + list(r[:]) + "]"
		}
		return fmt.Sprintf("dense<[%s]> : tensor<%dx2xi64>", strings.Join(rows, ", "), len(v))
	case fmt.Stringer:
		return v.String()
	}
	panic(fmt.Sprintf("hlo: an attribute of type %T", v))
}

func list(v []int) string {
	s := make([]string, len(v))
	for i, n := range v {
		s[i] = fmt.Sprint(n)
	}
	return strings.Join(s, ", ")
}
