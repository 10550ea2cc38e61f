package runs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
)

// sealed is a value whose JSON carries the SHA-256 of its contents, so that a damaged or edited file is noticed.
type sealed interface{ Seal() *string }

// sumOf is the SHA-256 of v's JSON with the seal empty.
func sumOf(v sealed) (string, error) {
	s := v.Seal()
	before := *s
	*s = ""
	text, err := json.Marshal(v)
	*s = before
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// WriteSealed writes v to path in whole or not at all.
func WriteSealed(path string, v sealed) error {
	sum, err := sumOf(v)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	*v.Seal() = sum
	return WriteJSON(path, v)
}

// ReadSealed reads what writeSealed wrote.
func ReadSealed(path string, v sealed) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if sum, err := sumOf(v); err != nil || sum != *v.Seal() {
		return fmt.Errorf("reading %s: its contents do not have the checksum that it carries; it is damaged or was edited", path)
	}
	return nil
}
