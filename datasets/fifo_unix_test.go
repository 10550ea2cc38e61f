//go:build unix

package datasets

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Opening a FIFO waits for a writer, so it must be refused unopened, and an image path may be one.
func TestFIFODoesNotHang(t *testing.T) {
	root := makeFiles(t, "good/1.png", "good/2.png", "good/3.png", "bad/4.png", "masks/.hidden.png")
	for _, name := range []string{"good/pipe.png", "masks/4.png"} {
		if err := syscall.Mkfifo(filepath.Join(root, name), 0o644); err != nil {
			t.Skip(err)
		}
	}
	d, err := Folder(root)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Check(context.Background(), d, Pixels)
	for _, want := range []string{"pipe.png: no regular file", "masks/4.png: no regular file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
