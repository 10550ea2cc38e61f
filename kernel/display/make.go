package display

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"net/http"
	"os"
	"strings"
)

// Any is data, a string, []byte, image.Image, io.Reader or io.WriterTo, in the format mimeType; an empty one is found out
// from the data. Values of other types are shown as a cell's result would be.
func Any(mimeType string, data any) Data {
	switch v := data.(type) {
	case string:
		return MakeData(orElse(mimeType, MIMETypeText), v)
	case []byte:
		return ofBytes(mimeType, v)
	case image.Image:
		return Image(v)
	case io.WriterTo:
		var b bytes.Buffer
		if _, err := v.WriteTo(&b); err != nil {
			return failed(err)
		}
		return ofBytes(mimeType, b.Bytes())
	case io.Reader:
		b, err := io.ReadAll(v)
		if err != nil {
			return failed(err)
		}
		return ofBytes(mimeType, b)
	}
	d := Of(data)
	if mimeType != "" && d.Data[mimeType] == nil {
		d.Data[mimeType] = data
	}
	return d
}

// Auto is Any with the format found out from the data.
func Auto(data any) Data { return Any("", data) }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func ofBytes(mimeType string, b []byte) Data {
	if mimeType == "" {
		mimeType = sniff(b)
	}
	if isText(mimeType) {
		return MakeData(mimeType, string(b))
	}
	return MakeData(mimeType, b)
}

// sniff finds out the format of data.
func sniff(b []byte) string {
	if head := b[:min(len(b), 512)]; bytes.Contains(head, []byte("<svg")) {
		return MIMETypeSVG
	}
	return bareMIME(http.DetectContentType(b))
}

func failed(err error) Data { return MakeData(MIMETypeText, "error: "+err.Error()) }

// MakeData is data in one format.
func MakeData(mimeType string, data any) Data {
	return Data{Data: MIMEMap{mimeType: data}}
}

// MakeData3 is data in one format, and the text for front ends without it.
func MakeData3(mimeType, plaintext string, data any) Data {
	return Data{Data: MIMEMap{mimeType: data, MIMETypeText: plaintext}}
}

// MIME is data in several formats and their metadata.
func MIME(data, metadata MIMEMap) Data { return Data{Data: data, Metadata: metadata} }

// File is a file's content in the format mimeType; an empty one is found out. A file that cannot be read is shown as its
// error.
func File(mimeType, path string) Data {
	b, err := os.ReadFile(path)
	if err != nil {
		return failed(err)
	}
	return ofBytes(mimeType, b)
}

// HTML shows a piece of HTML.
func HTML(html string) Data { return MakeData(MIMETypeHTML, html) }

// JavaScript runs a script in the notebook.
func JavaScript(script string) Data { return MakeData(MIMETypeJavaScript, script) }

// JPEG shows an encoded image.
func JPEG(jpeg []byte) Data { return MakeData(MIMETypeJPEG, jpeg) }

// JSON shows a tree.
func JSON(json map[string]any) Data { return MakeData(MIMETypeJSON, json) }

// Latex shows LaTeX, formulas between dollar signs.
func Latex(latex string) Data { return MakeData(MIMETypeLatex, latex) }

// Markdown shows Markdown.
func Markdown(markdown string) Data { return MakeData(MIMETypeMarkdown, markdown) }

// Math shows a LaTeX formula given without dollar signs.
func Math(latex string) Data {
	return MakeData(MIMETypeLatex, fmt.Sprintf("$$%s$$", strings.Trim(latex, "$")))
}

// PDF shows a PDF document.
func PDF(pdf []byte) Data { return MakeData(MIMETypePDF, pdf) }

// PNG shows an encoded image.
func PNG(png []byte) Data { return MakeData(MIMETypePNG, png) }

// SVG shows a drawing.
func SVG(svg string) Data { return MakeData(MIMETypeSVG, svg) }

// Image shows an image, encoded as PNG.
func Image(img image.Image) Data {
	if img == nil || isNilPointer(img) {
		return failed(fmt.Errorf("display.Image: no image"))
	}
	return imageData(img)
}
