package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Convert reads the weights file src, usually a .pth, and writes its tensors to dst as safetensors with the same names and
// element types (F64 values are rounded to float32's precision). The header records the source's name and SHA-256.
// Checkpoints that nest come out flat, as from Load.
//
// A zip's checksums are compared as by Load; a file that is called like a published one must also have its SHA-256, since
// PyTorch's older format and safetensors have no checksum of their own.
func Convert(src, dst string) error {
	d, err := Load(src)
	if err != nil {
		return fmt.Errorf("converting to %s: %w", dst, err)
	}
	metadata, err := sourceMetadata(src)
	if err != nil {
		return fmt.Errorf("converting to %s: %w", dst, err)
	}
	return WriteSafetensors(dst, d.tensors, metadata)
}

func sourceMetadata(src string) (map[string]string, error) {
	data, err := os.ReadFile(src)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if err := checkPublished(filepath.Base(src), hex.EncodeToString(sum[:])); err != nil {
		return nil, fmt.Errorf("%s: %w", src, err)
	}
	return map[string]string{
		"format":        "pt", // what PyTorch's own reader asks for
		"source":        filepath.Base(src),
		"source_sha256": hex.EncodeToString(sum[:]),
	}, nil
}

// checkPublished compares a file's SHA-256 with that of the published file of its name, if there is one.
func checkPublished(name, sum string) error {
	for _, e := range published {
		if e.File == name && !strings.HasPrefix(sum, e.SHA256) {
			return fmt.Errorf("it is damaged or another file: its SHA-256 is %s, that of the published one begins with %s", sum, e.SHA256)
		}
	}
	return nil
}
