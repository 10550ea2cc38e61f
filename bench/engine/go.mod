// The engine beside other interpreters of Go; a module of its own, so that the
// project does not depend on them. See engine.sh.
module github.com/msflow-go/msflow/bench/engine

go 1.26

require (
	github.com/goplus/ixgo v1.1.1
	github.com/msflow-go/msflow v0.0.0
	github.com/traefik/yaegi v0.16.1
)

replace github.com/msflow-go/msflow => ../..
