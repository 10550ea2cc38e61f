// Package bindings is what cells may import without a Go toolchain: importing
// it makes its compiled-in packages known to the engine, with the documentation
// and the parameter names that completion and inspection show. The standard
// library itself is the engine's; here is its documentation.
//
// The files named bind_*.go and docs/docs.zip are generated from packages.txt.
package bindings

import _ "github.com/msflow-go/msflow/kernel/bindings/docs"

//go:generate go run ./gen
