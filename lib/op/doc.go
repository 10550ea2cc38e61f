// Package op holds the operations that normalizing flows are written with, as ordinary Gorgonia ops: a researcher mixes
// them freely with Gorgonia's own (G.Mul, G.Tanh, G.Reshape ...), and G.Grad differentiates through all of them.
//
// Every function takes nodes and returns a node or an error that names the op and the shapes that do not fit. Maps are
// (B,C,H,W): batch, channels, rows, columns. Values are float32 or float64, the same for all inputs of an op; float32
// is the fast path, float64 is computed by plain loops so that gradients can be checked sharply.
//
// One operation is one [Primitive]: its parameters (readable fields), shape rule, value and gradient stand together in
// one file. [Op] makes a Gorgonia op of any Primitive. [Program] runs a graph on the CPU.
//
// Two properties of Gorgonia's graphs to know about. Leaf nodes with the same name are one node. And G.Grad marks the
// nodes that it passed, so call it once per graph, with all the parameters.
package op

// Gorgonia's tensor package pulls in go4.org/unsafe/assume-no-moving-gc, whose old versions panic at start on a Go
// release that they do not know. Importing it here keeps a version in the build that accepts the current Go.
import _ "go4.org/unsafe/assume-no-moving-gc"
