package assist

// PackageDoc is the documentation of a compiled-in package.
type PackageDoc struct {
	Name    string
	Doc     string
	Symbols map[string]SymbolDoc // by "F", "T", "T.Method" and "T.Field"
}

// SymbolDoc is a doc comment and a signature with its parameters' names, which reflection does not know: "(x, y float64)
// float64" or a variable's type.
type SymbolDoc struct {
	Signature string `json:"s,omitempty"`
	Doc       string `json:"d,omitempty"`
}

// find finds the documentation of a package, or nil.
var find = func(path string) *PackageDoc { return nil }

// SetDocs gives the source of documentation. It is to be called before there are sessions; f must be safe for concurrent
// use.
func SetDocs(f func(path string) *PackageDoc) { find = f }
