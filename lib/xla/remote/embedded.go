//go:build embeddevice

package remote

import _ "embed"

// install.sh builds the program before it builds this one.
//
//go:embed msflow-device.gz
var embedded []byte
