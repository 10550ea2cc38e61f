//go:build !amd64 && !arm64

// Package slots has nothing here: ixgo runs cells on amd64 and arm64 alone.
package slots
