package magics

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/goplus/ixgo"

	"github.com/msflow-go/msflow/kernel/display"
)

// What notebooks of GoNB say otherwise: its commands, and the package by which their programs reach the notebook.

// gonbHelp are GoNB's commands that have no counterpart, with what to write instead.
var gonbHelp = map[string]string{
	"%remove":  "%rm NAME",
	"%track":   "imports of a module that `%get ./dir` takes from a folder are read again when they change",
	"%untrack": "imports of a module that `%get ./dir` takes from a folder are read again when they change",
	"%wasm":    "show HTML and JavaScript by display.HTML and display.JavaScript; package widgets has controls",
	"%exec":    "call the function",
	"%%script": "%%bash runs the rest of the cell in bash",
	"%%sh":     "%%bash runs the rest of the cell in bash",
}

// gonbNothing are those that ask for what is so anyway.
var gonbNothing = []string{"%main", "%autoget", "%noautoget", "%goworkfix", "%cache", "%goflags", "%widgets"}

// fromGoNB runs a command of GoNB; ok is false for one that it does not have either.
func (c *call) fromGoNB() (ok bool, err error) {
	switch {
	case c.Name == "%list" || c.Name == "%ls":
		return true, c.whos()
	case gonbHelp[c.Name] != "":
		return true, errors.New("GoNB's; here " + gonbHelp[c.Name])
	case slices.Contains(gonbNothing, c.Name):
		return true, nil
	}
	return false, nil
}

// main runs the rest of the cell, as GoNB puts it into func main: cells are run from top to bottom anyway.
func (c *call) main() error {
	if c.Arg != "" {
		if err := c.arguments(); err != nil {
			return err
		}
	}
	return c.eval(c.ctx, c.part("\n"+c.Body), c.sink)
}

// inModule is GoNB's !*COMMAND, which runs in the folder where a cell is built.
func (c *call) inModule(command string) error {
	words := strings.Fields(command)
	if len(words) > 2 && words[0] == "go" && words[1] == "get" {
		for _, module := range words[2:] {
			if strings.HasPrefix(module, "-") {
				continue
			}
			get := *c.MagicLine
			get.Name, get.Arg = "%get", module
			inner := *c
			inner.MagicLine = &get
			if err := inner.get(); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("GoNB's !* runs in the folder where a cell is built, and here there is none: %get MODULE@VERSION stands for !*go get, and ! runs a command in the working directory")
}

const gonbuiPath = "github.com/janpfeifer/gonb/gonbui"

func init() {
	funcs := map[string]reflect.Value{}
	for name, f := range map[string]any{
		"DisplayHTML": showHTML, "DisplayHtml": showHTML, "DisplayHTMLF": showHTMLf, "DisplayHtmlf": showHTMLf,
		"DisplayMarkdown": func(text string) { display.Display(display.Markdown(text)) },
		"DisplayPNG":      showPNG, "DisplayPng": showPNG, "DisplaySVG": showSVG, "DisplaySvg": showSVG,
		"DisplayImage": func(img image.Image) error { return display.Display(img) },
		"UpdateHTML":   updateHTML, "UpdateHtml": updateHTML,
		"UpdateMarkdown":     func(id, text string) { update(id, display.Markdown(text)) },
		"ScriptJavascript":   func(script string) { display.Display(display.JavaScript(script)) },
		"EmbedImageAsPNGSrc": imageSource, "RequestInput": requestInput,
		"UniqueID": uniqueID, "UniqueId": uniqueID,
		"Sync": func() {}, "Open": func() error { return nil }, "Error": func() error { return nil },
		"Logf": func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	} {
		funcs[name] = reflect.ValueOf(f)
	}
	inNotebook, debug := true, false
	ixgo.RegisterPackage(&ixgo.Package{
		Name: "gonbui", Path: gonbuiPath, Deps: map[string]string{"image": "image"},
		Interfaces: map[string]reflect.Type{}, NamedTypes: map[string]reflect.Type{}, AliasTypes: map[string]reflect.Type{},
		Vars:        map[string]reflect.Value{"IsNotebook": reflect.ValueOf(&inNotebook), "Debug": reflect.ValueOf(&debug)},
		Funcs:       funcs,
		TypedConsts: map[string]ixgo.TypedConst{}, UntypedConsts: map[string]ixgo.UntypedConst{},
	})
}

func showHTML(html string) { display.Display(display.HTML(html)) }

func showHTMLf(format string, args ...any) { showHTML(fmt.Sprintf(format, args...)) }

func showPNG(b []byte) { display.Display(display.PNG(b)) }

func showSVG(svg string) { display.Display(display.SVG(svg)) }

func updateHTML(id, html string) { update(id, display.HTML(html)) }

// shown are the ids that have an output to update.
var shown sync.Map

// update makes the output of an id, or replaces what is in it.
func update(id string, d display.Data) {
	if _, old := shown.LoadOrStore(id, true); old {
		display.Update(id, d)
		return
	}
	display.NewID(id, d)
}

var lastUnique struct {
	sync.Mutex
	n int
}

func uniqueID() string {
	lastUnique.Lock()
	defer lastUnique.Unlock()
	lastUnique.n++
	return fmt.Sprintf("gonb_id_%d", lastUnique.n)
}

// imageSource is a picture as the src of an <img>.
func imageSource(img image.Image) (string, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// requestInput is what a program of GoNB calls before it reads standard input. Here the reading itself asks.
func requestInput(prompt string, _ bool) { fmt.Fprint(os.Stderr, prompt) }
