package widgets

import "strings"

// Container holds other widgets.
type Container struct{ *Model }

// Children are the widgets in it.
func (w *Container) Children() (children []*Model) {
	for _, c := range w.Get("children").([]any) {
		children = append(children, c.(*Model))
	}
	return children
}

// SetChildren changes what is in it.
func (w *Container) SetChildren(children ...Widget) { w.Set("children", children) }

func container(kind string, children []Widget) *Container {
	return &Container{build(kind, map[string]any{"children": children})}
}

// HBox puts widgets beside one another.
func HBox(children ...Widget) *Container { return container("HBox", children) }

// VBox puts widgets one below the other.
func VBox(children ...Widget) *Container { return container("VBox", children) }

// Box puts widgets where CSS puts what has display: flex, by Layout.
func Box(children ...Widget) *Container { return container("Box", children) }

// GridBox puts widgets into rows of so many columns of equal width.
func GridBox(columns int, children ...Widget) *Container {
	w := container("GridBox", children)
	w.Layout("grid_template_columns", strings.TrimSpace(strings.Repeat("1fr ", max(1, columns))))
	return w
}

// Pages holds widgets of which one is shown.
type Pages struct{ Container }

// Page is one of them, with its title.
type Page struct {
	Title string
	Shows Widget
}

// Index is which page is shown, counted from 0; -1 for none.
func (w *Pages) Index() int {
	if i, ok := w.Get("selected_index").(int); ok {
		return i
	}
	return -1
}

// SetIndex shows a page; none for one that there is not.
func (w *Pages) SetIndex(i int) {
	if i < 0 || i >= len(w.Children()) {
		w.Set("selected_index", nil)
		return
	}
	w.Set("selected_index", i)
}

// OnChange has f called with the number of the page that is shown from now on, -1 for none.
func (w *Pages) OnChange(f func(page int)) { w.Observe("selected_index", func(any) { f(w.Index()) }) }

func pages(kind string, shown []Page) *Pages {
	var titles []string
	var children []Widget
	for _, p := range shown {
		titles, children = append(titles, p.Title), append(children, p.Shows)
	}
	attributes := map[string]any{"children": children, "titles": titles}
	if len(shown) > 0 {
		attributes["selected_index"] = 0
	}
	return &Pages{Container{build(kind, attributes)}}
}

// Tab shows one of several pages, by tabs with their titles.
func Tab(shown ...Page) *Pages { return pages("Tab", shown) }

// Accordion shows pages that fold up.
func Accordion(shown ...Page) *Pages { return pages("Accordion", shown) }

// Stack shows the page that SetIndex says.
func Stack(shown ...Page) *Pages { return pages("Stack", shown) }

// Link keeps an attribute of two widgets the same, in the front end: it needs no running kernel. The attribute of a Choice
// is "index", that of most others "value".
func Link(a Widget, attribute string, b Widget, other string) *Model {
	return link("Link", a, attribute, b, other)
}

// DirectionalLink is Link from a to b only.
func DirectionalLink(a Widget, attribute string, b Widget, other string) *Model {
	return link("DirectionalLink", a, attribute, b, other)
}

func link(kind string, a Widget, attribute string, b Widget, other string) *Model {
	ends := map[string]any{}
	for end, of := range map[string][]any{"source": {a.Base(), attribute}, "target": {b.Base(), other}} {
		m, name := of[0].(*Model), of[1].(string)
		if _, ok := kinds[m.kind][name]; !ok {
			panic("widgets: " + m.kind + " has no " + name)
		}
		ends[end] = of
	}
	return build(kind, ends)
}
