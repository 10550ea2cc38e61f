//go:build !embeddevice

package remote

// embedded is msflow-device, compressed; a build with the tag embeddevice has it inside.
var embedded []byte
