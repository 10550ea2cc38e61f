package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Convert reads the weights file src, usually a .pth, and writes its tensors to
// dst as safetensors with the same names and element types (F64 values are
// rounded to float32's precision). The header records the source's name and
// SHA-256. Checkpoints that nest come out flat, as from Load.
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
	return map[string]string{
		"format":        "pt", // what PyTorch's own reader asks for
		"source":        filepath.Base(src),
		"source_sha256": hex.EncodeToString(sum[:]),
	}, nil
}
