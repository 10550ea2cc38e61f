// Package assist answers what could stand at a cursor and what stands there, over a read-only view of a session; and says
// in text what Go's objects and values are: signatures and documentation, members, declarations in a library's source, and
// values on one line without running interpreted code.
package assist
