package widgets

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"github.com/msflow-go/msflow/kernel/display"
)

// Picture is a widget that shows a picture.
type Picture struct{ *Model }

// Image shows a picture: an image.Image, or anything with a method PNG() []byte, such as a figure of plots; nil for none
// yet.
func Image(picture any) *Picture {
	w := &Picture{New("Image")}
	w.Layout("max_width", "100%")
	if picture != nil {
		w.Show(picture)
	}
	return w
}

// Show shows another picture. It panics for what is none.
func (w *Picture) Show(picture any) {
	switch p := picture.(type) {
	case display.PNGer:
		w.set("png", p.PNG())
	case image.Image:
		var b bytes.Buffer
		if err := png.Encode(&b, p); err != nil {
			panic("widgets: " + err.Error())
		}
		w.set("png", b.Bytes())
	case []byte:
		_, format, err := image.DecodeConfig(bytes.NewReader(p))
		if err != nil {
			panic("widgets: what is shown is no picture: " + err.Error())
		}
		w.set(format, p)
	default:
		panic(fmt.Sprintf("widgets: %T is no picture", picture))
	}
}

func (w *Picture) set(format string, encoded []byte) {
	w.Set("format", format)
	w.Set("value", encoded)
}
