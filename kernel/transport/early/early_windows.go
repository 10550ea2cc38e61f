// Package early does nothing on Windows.
package early

import "os"

// Take hands over nothing.
func Take(string) *os.File { return nil }
