// Package assist says in text what Go's objects and values are, for completion, inspection and the list of variables:
// signatures and documentation, members, declarations in a library's source, and values on one line without running
// interpreted code.
package assist
