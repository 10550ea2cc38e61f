package display

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gorgonia.org/tensor"
)

type (
	htmler   struct{}
	bundler  struct{}
	renderer struct{}
	simple   struct{}
	many     struct{}
	broken   struct{}
)

func (htmler) HTML() string                { return "<b>bold</b>" }
func (bundler) MIMEBundle() map[string]any { return map[string]any{"text/html; charset=utf-8": "x"} }
func (bundler) HTML() string               { return "not asked" }
func (renderer) Render() Data              { return Data{Data: MIMEMap{MIMETypeLatex: "$x$"}} }
func (simple) SimpleRender() MIMEMap       { return MIMEMap{MIMETypeMarkdown: "*m*"} }
func (many) PNG() []byte                   { return []byte{1, 2, 3} }
func (many) SVG() string                   { return "<svg/>" }
func (many) JSON() map[string]any          { return map[string]any{"a": 1} }
func (broken) HTML() string                { panic("no template") }

// bundle is Of as a front end sees it: after a trip through JSON.
func bundle(t testing.TB, d Data) map[string]any {
	t.Helper()
	j, err := json.Marshal(d.Data)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(j, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestConventions(t *testing.T) {
	for _, c := range []struct {
		v    any
		want map[string]any
	}{
		{1, map[string]any{"text/plain": "1"}},
		{htmler{}, map[string]any{"text/plain": "display.htmler{}", "text/html": "<b>bold</b>"}},
		{(*htmler)(nil), map[string]any{"text/plain": "nil"}},
		{bundler{}, map[string]any{"text/plain": "display.bundler{}", "text/html": "x"}},
		{renderer{}, map[string]any{"text/plain": "$x$", "text/latex": "$x$"}},
		{simple{}, map[string]any{"text/plain": "*m*", "text/markdown": "*m*"}},
		{many{}, map[string]any{"text/plain": "display.many{}", "image/png": "AQID", "image/svg+xml": "<svg/>", "application/json": map[string]any{"a": 1.0}}},
		{broken{}, map[string]any{"text/plain": "display.broken: showing it panicked: no template"}},
		{HTML("<h1>Title &amp; more</h1><script>x</script>"), map[string]any{"text/plain": "Title & more", "text/html": "<h1>Title &amp; more</h1><script>x</script>"}},
		{Math("$e$"), map[string]any{"text/plain": "$$e$$", "text/latex": "$$e$$"}},
		{PNG([]byte{1, 2}), map[string]any{"text/plain": "<image/png, 2 bytes>", "image/png": "AQI="}},
		{JSON(map[string]any{"k": []int{1}}), map[string]any{"text/plain": "<application/json>", "application/json": map[string]any{"k": []any{1.0}}}},
		{MakeData("application/geo+json", []byte(`{"type":"Point"}`)), map[string]any{"text/plain": "<application/geo+json, 16 bytes>", "application/geo+json": map[string]any{"type": "Point"}}},
		{MakeData3(MIMETypeHTML, "plain", "<i>"), map[string]any{"text/plain": "plain", "text/html": "<i>"}},
		{MIMEMap{"text/html": "x"}, map[string]any{"text/plain": `map[string]any{"text/html": "x"}`, "text/html": "x"}},
		{MIMEMap{"no": "mime"}, map[string]any{"text/plain": `map[string]any{"no": "mime"}`}},
		{Auto("plain"), map[string]any{"text/plain": "plain"}},
		{Auto([]byte("<svg xmlns=''></svg>")), map[string]any{"text/plain": "<image/svg+xml>", "image/svg+xml": "<svg xmlns=''></svg>"}},
		{Any("text/html", strings.NewReader("<p>")), map[string]any{"text/plain": "", "text/html": "<p>"}},
		{File("", "/no/such"), map[string]any{"text/plain": "error: open /no/such: no such file or directory"}},
		{Data{Data: MIMEMap{"image/png": nil}}, map[string]any{"text/plain": "<image/png>"}},
	} {
		if d := cmp.Diff(c.want, bundle(t, Of(c.v))); d != "" {
			t.Errorf("%T: %s", c.v, d)
		}
	}
}

func TestOfResult(t *testing.T) {
	for _, c := range []struct {
		values []any
		want   map[string]any
	}{
		{[]any{"a"}, map[string]any{"text/plain": `"a"`}},
		{[]any{1, "a"}, map[string]any{"text/plain": `1, "a"`}},
		{[]any{htmler{}, nil}, map[string]any{"text/plain": "display.htmler{}", "text/html": "<b>bold</b>"}},
		{[]any{htmler{}, 5}, map[string]any{"text/plain": "display.htmler{}, 5"}},
		{[]any{nil, nil}, map[string]any{"text/plain": "nil, nil"}},
	} {
		if d := cmp.Diff(c.want, bundle(t, OfResult(c.values))); d != "" {
			t.Errorf("%v: %s", c.values, d)
		}
	}
}

func decodePNG(t testing.TB, v any) image.Image {
	t.Helper()
	s := v.(string)
	if strings.Contains(s, "\n") {
		t.Error("newline in base64")
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestImages(t *testing.T) {
	m := image.NewGray(image.Rect(5, 5, 35, 25))
	m.Pix[0] = 200
	b := bundle(t, Of(m))
	if b["text/plain"] != "*image.Gray 30×20" {
		t.Errorf("text %q", b["text/plain"])
	}
	got := decodePNG(t, b["image/png"])
	if got.Bounds().Dx() != 30 || got.Bounds().Dy() != 20 {
		t.Errorf("size %v", got.Bounds())
	}
	if r, _, _, _ := got.At(0, 0).RGBA(); r>>8 != 200 {
		t.Errorf("first pixel %d", r>>8)
	}
	huge := decodePNG(t, bundle(t, Of(image.NewGray(image.Rect(0, 0, 6000, 3000))))["image/png"])
	if n := huge.Bounds().Dx() * huge.Bounds().Dy(); n > maxPixels || huge.Bounds().Dx() != 2*huge.Bounds().Dy() {
		t.Errorf("a huge image is shown as %v", huge.Bounds())
	}
	for _, v := range []any{image.NewRGBA(image.Rect(0, 0, 0, 9)), (*image.RGBA)(nil), Image(nil)} {
		if b := bundle(t, Of(v)); len(b) != 1 {
			t.Errorf("%v: %v", v, slices.Collect(maps.Keys(b)))
		}
	}
}

func TestPlot(t *testing.T) {
	p := plot.New()
	p.Title.Text = "Loss"
	d := Of(p)
	b := bundle(t, d)
	if b["text/plain"] != `plot "Loss"` {
		t.Errorf("text %q", b["text/plain"])
	}
	size := d.Metadata[MIMETypePNG].(map[string]any)
	got := decodePNG(t, b["image/png"]).Bounds()
	if got.Dx() != 2*size["width"].(int) || got.Dy() != 2*size["height"].(int) {
		t.Errorf("%v pixels shown as %v", got, size)
	}
}

func TestMatrices(t *testing.T) {
	text := func(v any) string { return bundle(t, Of(v))["text/plain"].(string) }
	got := text(mat.NewDense(2, 3, []float64{1, 2.5, 3, -4, 5, 6}))
	if want := "mat.Dense 2×3\n⎡ 1  2.5  3⎤\n⎣-4    5  6⎦"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = text(mat.NewDense(100, 50, nil))
	if lines := strings.Split(got, "\n"); lines[0] != "mat.Dense 100×50" || len(lines) != 10 || !strings.Contains(lines[5], "⋮") || !strings.Contains(lines[1], "⋯") {
		t.Errorf("got\n%s", got)
	}
	if got := text(mat.Formatted(mat.NewDense(1, 1, []float64{7}))); got != "[7]" {
		t.Errorf("Formatted: %s", got)
	}
	if got := text(&mat.Dense{}); got != "mat.Dense 0×0" {
		t.Errorf("empty: %s", got)
	}
}

func TestTensors(t *testing.T) {
	text := func(v any) string { return bundle(t, Of(v))["text/plain"].(string) }
	got := text(tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 2, 3, 4})))
	if want := "tensor.Dense (2, 2) float32\n⎡1  2⎤\n⎣3  4⎦"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = text(tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2, 3, 1, 2)))
	if !strings.HasPrefix(got, "tensor.Dense (2, 3, 1, 2) float64\n[0, 0, :, :]\n[0  0]\n[0, 1, :, :]") || !strings.Contains(got, "⋮\n[1, 2, :, :]") {
		t.Errorf("got\n%s", got)
	}
	got = text(tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(16, 64, 64, 64)))
	if len(got) > 5000 {
		t.Errorf("%d bytes for a big tensor", len(got))
	}
	if got := text(tensor.New(tensor.WithBacking([]int{1, 2, 3}))); got != "tensor.Dense (3) int\n[1  2  3]" {
		t.Errorf("vector: %s", got)
	}
}

func TestTables(t *testing.T) {
	type run struct {
		Name  string
		AUROC float64
		notes []string
	}
	html := func(v any) string { s, _ := bundle(t, Of(v))["text/html"].(string); return s }
	got := html([]run{{"<a>", 0.99, nil}, {"b", 0.5, []string{"x"}}})
	for _, want := range []string{`left">Name</th><th style="text-align:right">AUROC</th><th style="text-align:left">notes</th>`, ">&lt;a&gt;</td>", `text-align:right">0.99</td>`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if got := html(map[string]*run{"r": {"x", 1, nil}, "none": nil}); !strings.Contains(got, "<th>r</th>") || !strings.Contains(got, `style="text-align:right">AUROC</th>`) || !strings.Contains(got, ">key</th>") {
		t.Errorf("map of pointers to structs:\n%s", got)
	}
	if got := html(map[string]float64{"f1": 0.5}); !strings.Contains(got, "<th>f1</th>") {
		t.Errorf("map of numbers:\n%s", got)
	}
	if got := html([][]float64{{1, 2}, {3}}); strings.Count(got, "<td") != 3 {
		t.Errorf("rows of unequal length:\n%s", got)
	}
	long := html(make([]run, 5000))
	if !strings.Contains(long, "5,000 rows × 3 columns") || strings.Count(long, "<tr>") != 1+headRows+1+tailRows {
		t.Errorf("long table: %d rows", strings.Count(long, "<tr>"))
	}
	for _, v := range []any{[]int{1}, []run{}, map[string][]int{"a": nil}, []struct{}{{}}, []celsius{1}} {
		if got := html(v); got != "" {
			t.Errorf("%T became a table", v)
		}
	}
}
