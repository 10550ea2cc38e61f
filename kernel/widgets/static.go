package widgets

import (
	"encoding/base64"
	"fmt"
	"html"
	"strings"

	"github.com/msflow-go/msflow/kernel/display"
)

// Names of formats.
const (
	viewMIME  = "application/vnd.jupyter.widget-view+json"
	stateMIME = "application/vnd.jupyter.widget-state+json"
)

// MIMEBundle is the widget for front ends that have the ipywidgets extension, and as it stands now for others.
func (m *Model) MIMEBundle() map[string]any {
	return map[string]any{
		viewMIME:             map[string]any{"version_major": 2, "version_minor": 0, "model_id": m.ID()},
		display.MIMETypeText: m.String(),
		display.MIMETypeHTML: m.static(),
	}
}

// told are the attributes that a line of text gives.
var told = []string{"description", "value", "min", "max", "index", "_options_labels", "titles", "children"}

// String is the widget in a line.
func (m *Model) String() string {
	var parts []string
	for _, key := range told {
		v := m.Get(key)
		switch v := v.(type) {
		case nil:
		case string:
			if v != "" {
				parts = append(parts, fmt.Sprintf("%s=%q", strings.TrimPrefix(key, "_options_"), v))
			}
		case []byte:
			parts = append(parts, fmt.Sprintf("%s of %d bytes", m.Get("format"), len(v)))
		case []any:
			if len(v) > 0 {
				parts = append(parts, fmt.Sprintf("%s=%v", strings.TrimPrefix(key, "_options_"), v))
			}
		default:
			parts = append(parts, fmt.Sprintf("%s=%v", key, v))
		}
	}
	return m.kind + "(" + strings.Join(parts, ", ") + ")"
}

// static is the widget as HTML that does nothing.
func (m *Model) static() string {
	switch v := m.Get("value").(type) {
	case []byte:
		return fmt.Sprintf(`<img src="data:image/%s;base64,%s">`, m.Get("format"), base64.StdEncoding.EncodeToString(v))
	case string:
		if strings.HasPrefix(m.kind, "HTML") {
			return v
		}
		if m.kind == "Label" {
			return html.EscapeString(v)
		}
	}
	if children, ok := m.Get("children").([]any); ok {
		return m.staticBox(children)
	}
	if outputs, ok := m.Get("outputs").([]any); ok {
		return staticOutputs(outputs)
	}
	return m.staticControl()
}

func (m *Model) staticBox(children []any) string {
	var b strings.Builder
	direction := "column"
	if m.kind == "HBox" || m.kind == "Box" {
		direction = "row"
	}
	fmt.Fprintf(&b, `<div style="display:flex;flex-direction:%s;gap:4px">`, direction)
	titles, _ := m.Get("titles").([]any)
	for i, c := range children {
		if i < len(titles) {
			fmt.Fprintf(&b, "<b>%s</b>", html.EscapeString(fmt.Sprint(titles[i])))
		}
		fmt.Fprintf(&b, "<div>%s</div>", c.(*Model).static())
	}
	return b.String() + "</div>"
}

// staticControl is a description and what was chosen.
func (m *Model) staticControl() string {
	var chosen any = m.Get("value")
	if options, ok := m.Get("_options_labels").([]any); ok {
		chosen = strings.Join(choices(m, options), ", ")
	}
	description, _ := m.Get("description").(string)
	if chosen == nil { // a button
		return fmt.Sprintf("<button disabled>%s</button>", html.EscapeString(description))
	}
	if m.kind == "Password" {
		chosen = strings.Repeat("•", len([]rune(fmt.Sprint(chosen))))
	}
	return fmt.Sprintf("<span>%s <b>%s</b></span>", html.EscapeString(description), html.EscapeString(fmt.Sprint(chosen)))
}

// choices are the options that are chosen.
func choices(m *Model, options []any) (chosen []string) {
	index := m.Get("index")
	list, several := index.([]any)
	if !several {
		list = []any{index}
	}
	for _, i := range list {
		if i, ok := i.(int); ok && i >= 0 && i < len(options) {
			chosen = append(chosen, fmt.Sprint(options[i]))
		}
	}
	return chosen
}

func staticOutputs(outputs []any) string {
	var b strings.Builder
	for _, o := range outputs {
		o := o.(map[string]any)
		data, ok := o["data"].(display.MIMEMap)
		switch {
		case !ok:
			fmt.Fprintf(&b, "<pre>%s</pre>", html.EscapeString(fmt.Sprint(o["text"])))
		case data[display.MIMETypeHTML] != nil:
			fmt.Fprint(&b, data[display.MIMETypeHTML])
		case data[display.MIMETypeSVG] != nil:
			fmt.Fprint(&b, data[display.MIMETypeSVG])
		case data[display.MIMETypePNG] != nil:
			fmt.Fprintf(&b, `<img src="data:image/png;base64,%v">`, data[display.MIMETypePNG])
		default:
			fmt.Fprintf(&b, "<pre>%s</pre>", html.EscapeString(fmt.Sprint(data[display.MIMETypeText])))
		}
	}
	return b.String()
}

// Saved is what a notebook's metadata has under "widgets", so that others show its widgets without a session; nil where
// there are none.
func Saved() map[string]any {
	states := map[string]any{}
	for id, m := range all() {
		described, paths, buffers := m.describe()
		for i, b := range buffers {
			list, _ := described["buffers"].([]any)
			described["buffers"] = append(list, map[string]any{
				"encoding": "base64", "path": paths[i], "data": base64.StdEncoding.EncodeToString(b),
			})
		}
		states[id] = described
	}
	if len(states) == 0 {
		return nil
	}
	return map[string]any{stateMIME: map[string]any{"version_major": 2, "version_minor": 0, "state": states}}
}
