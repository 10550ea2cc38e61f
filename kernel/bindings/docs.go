package bindings

import (
	"archive/zip"
	"bytes"
	_ "embed" // the documentation
	"encoding/json"
	"io"
	"sync"

	"github.com/msflow-go/msflow/kernel/engine"
)

//go:embed docs.zip
var docsZip []byte

var openDocs = sync.OnceValue(func() map[string]*zip.File {
	z, err := zip.NewReader(bytes.NewReader(docsZip), int64(len(docsZip)))
	if err != nil {
		panic("bindings: docs.zip is broken: " + err.Error())
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		files[f.Name] = f
	}
	return files
})

var docsRead sync.Map // path -> *engine.PackageDoc

func init() { engine.SetDocs(Docs) }

// Docs is the documentation of a package of the standard library or of one that
// is compiled in, or nil.
func Docs(path string) *engine.PackageDoc {
	if d, ok := docsRead.Load(path); ok {
		return d.(*engine.PackageDoc)
	}
	f := openDocs()[path]
	if f == nil {
		return nil
	}
	d := &engine.PackageDoc{}
	r, err := f.Open()
	if err != nil {
		return nil
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil || json.Unmarshal(text, d) != nil {
		return nil
	}
	docsRead.Store(path, d)
	return d
}
