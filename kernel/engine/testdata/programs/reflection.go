package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"os"
	"reflect"
	"strings"
	ttemplate "text/template"
)

type Color int

const (
	Red Color = iota + 1
	Green
	Blue
)

func (c Color) String() string               { return [...]string{"?", "red", "green", "blue"}[c] }
func (c Color) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(c.String())), nil }
func (c *Color) UnmarshalText(b []byte) error {
	for i, n := range []string{"?", "red", "green", "blue"} {
		if strings.EqualFold(n, string(b)) {
			*c = Color(i)
			return nil
		}
	}
	return fmt.Errorf("no color %q", b)
}

type Item struct {
	ID    int    `json:"id" xml:"id,attr" db:"pk"`
	Name  string `json:"name" xml:"name"`
	Color Color  `json:"color" xml:"color"`
	Price float64
	skip  bool
}

func (i Item) Total(n int) float64 { return i.Price * float64(n) }
func (i *Item) SetName(s string)   { i.Name = s }
func (i Item) Upper() string       { return strings.ToUpper(i.Name) }

type Temp float64

func (t Temp) Format(f fmt.State, verb rune) { fmt.Fprintf(f, "%.1f°(%c)", float64(t), verb) }

type Go struct{ x int }

func (g Go) GoString() string { return "Go!" }

type custom struct{ v int }

func (c custom) MarshalJSON() ([]byte, error) { return []byte(fmt.Sprintf(`"custom-%d"`, c.v)), nil }
func (c *custom) UnmarshalJSON(b []byte) error {
	_, err := fmt.Sscanf(string(b), `"custom-%d"`, &c.v)
	return err
}

type E struct{ msg string }

func (e E) Error() string { return "E:" + e.msg }

func main() {
	it := Item{1, "pen", Green, 2.5, true}
	t := reflect.TypeOf(it)
	fmt.Println(t, t.Kind(), t.NumField(), t.Name(), t.PkgPath())
	for i := range t.NumField() {
		f := t.Field(i)
		fmt.Println(f.Name, f.Type, f.Tag.Get("json"), f.IsExported())
	}
	fmt.Println(t.NumMethod(), reflect.TypeOf(&it).NumMethod())
	for i := range reflect.TypeOf(&it).NumMethod() {
		m := reflect.TypeOf(&it).Method(i)
		fmt.Println(m.Name, m.Type)
	}
	out := reflect.ValueOf(it).MethodByName("Total").Call([]reflect.Value{reflect.ValueOf(4)})
	fmt.Println(out[0])
	reflect.ValueOf(&it).MethodByName("SetName").Call([]reflect.Value{reflect.ValueOf("ink")})
	reflect.ValueOf(&it).Elem().FieldByName("Price").SetFloat(9)
	fmt.Printf("%v|%+v|%#v|%T\n", it, it, it, it)
	b, err := json.Marshal([]Item{it})
	fmt.Println(string(b), err)
	var back []Item
	fmt.Println(json.Unmarshal(b, &back), back)
	fmt.Println(json.Unmarshal([]byte(`[{"color":"pink"}]`), &back))
	b, err = json.Marshal(map[Color]custom{Red: {1}})
	fmt.Println(string(b), err)
	var mc map[Color]custom
	fmt.Println(json.Unmarshal(b, &mc), mc)
	x, err := xml.Marshal(it)
	fmt.Println(string(x), err)
	tm := ttemplate.Must(ttemplate.New("t").Funcs(ttemplate.FuncMap{"twice": func(s string) string { return s + s }}).Parse(
		"{{range $i, $e := .}}{{$i}}:{{.Name | twice}} {{.Upper}} {{.Total 3}} {{.Color}}{{if eq .ID 1}} first{{end}}\n{{end}}"))
	if err := tm.Execute(os.Stdout, []Item{it, {2, "cap", Blue, 1, false}}); err != nil {
		fmt.Println(err)
	}
	ht := template.Must(template.New("h").Parse("<b>{{.Name}}</b>{{.Total 2}}\n"))
	ht.Execute(os.Stdout, Item{Name: "<x>", Price: 2})
	fmt.Printf("%v %s %d %x %q\n", Green, Green, Green, Green, Green)
	fmt.Printf("%v %s\n", Temp(36.6), []Temp{1, 2})
	fmt.Printf("%#v %v\n", Go{1}, Go{1})
	fmt.Println(E{"x"}, &E{"y"}, []error{E{"z"}}, map[string]E{"k": {"v"}})
	fmt.Println(reflect.DeepEqual(it, it), reflect.DeepEqual([]Item{it}, []Item{{}}))
	var sb fmt.Stringer = Blue
	fmt.Println(reflect.TypeOf(sb), reflect.TypeOf((*fmt.Stringer)(nil)).Elem().Kind(), reflect.TypeOf(Red).Implements(reflect.TypeOf((*fmt.Stringer)(nil)).Elem()))
	mv := reflect.ValueOf(map[string]int{"a": 1})
	fmt.Println(mv.MapIndex(reflect.ValueOf("a")), mv.Len())
	fn := reflect.MakeFunc(reflect.TypeOf(func(int, int) int { return 0 }), func(a []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(int(a[0].Int() * a[1].Int()))}
	})
	fmt.Println(fn.Interface().(func(int, int) int)(6, 7))
	nt := reflect.New(t).Elem()
	nt.Field(1).SetString("made")
	fmt.Println(nt.Interface().(Item).Name)
	var gb bytes.Buffer
	fmt.Println(gob.NewEncoder(&gb).Encode(struct{ A, B int }{1, 2}))
	var gd struct{ A, B int }
	fmt.Println(gob.NewDecoder(&gb).Decode(&gd), gd)
	var e any = E{"q"}
	if er, ok := e.(interface{ Error() string }); ok {
		fmt.Println("has Error", er.Error())
	}
	st := reflect.StructOf([]reflect.StructField{{Name: "F", Type: reflect.TypeOf(0), Tag: `json:"f"`}})
	sv := reflect.New(st).Elem()
	sv.Field(0).SetInt(3)
	jb, _ := json.Marshal(sv.Interface())
	fmt.Println(string(jb))
	fmt.Println(reflect.TypeFor[Item]() == t, reflect.ValueOf(it).Field(2).Interface() == Green)
	dec := json.NewDecoder(strings.NewReader(`{"a":1} {"a":2}`))
	for dec.More() {
		var v struct{ A int }
		dec.Decode(&v)
		fmt.Print(v.A, " ")
	}
	fmt.Println()
}

// Output:
// main.Item struct 5 Item main
// ID int id true
// Name string name true
// Color main.Color color true
// Price float64  true
// skip bool  false
// 2 3
// SetName func(*main.Item, string)
// Total func(*main.Item, int) float64
// Upper func(*main.Item) string
// 10
// {1 ink green 9 true}|{ID:1 Name:ink Color:green Price:9 skip:true}|main.Item{ID:1, Name:"ink", Color:2, Price:9, skip:true}|main.Item
// [{"id":1,"name":"ink","color":"GREEN","Price":9}] <nil>
// <nil> [{1 ink green 9 false}]
// no color "pink"
// {"RED":"custom-1"} <nil>
// <nil> map[red:{1}]
// <Item id="1"><name>ink</name><color>GREEN</color><Price>9</Price></Item> <nil>
// 0:inkink INK 27 green first
// 1:capcap CAP 3 blue
// <b>&lt;x&gt;</b>4
// green green 2 677265656e "green"
// 36.6°(v) [1.0°(s) 2.0°(s)]
// Go! {1}
// E:x E:y [E:z] map[k:E:v]
// true false
// main.Color interface true
// 1 1
// 42
// made
// <nil>
// <nil> {1 2}
// has Error E:q
// {"f":3}
// true true
// 1 2
