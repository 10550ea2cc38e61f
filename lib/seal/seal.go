// Package seal gives JSON files the SHA-256 of their contents, so that a damaged or edited one is noticed by whoever reads it.
package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/msflow-go/msflow/lib/durable"
)

// Sealed is a value with a field for the sum, the last in its JSON and there called sha256.
type Sealed interface{ Seal() *string }

// Write gives v its sum and writes it to path, in whole or not at all, and its folder if there is none.
func Write(path string, v Sealed) error {
	*v.Seal() = ""
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	*v.Seal() = sumOf(text)
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return durable.Write(path, 0o644, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// Read reads what Write wrote.
func Read(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := check(text); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// sum is the end of a sealed text without its spaces.
var sum = regexp.MustCompile(`"sha256":"([0-9a-f]*)"}$`)

// check compares a text with the sum that it carries: that of the text without spaces, its own field empty.
func check(text []byte) error {
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return err
	}
	b := compact.Bytes()
	at := sum.FindSubmatchIndex(b)
	if at == nil {
		return errors.New("it carries no checksum of its contents; it was edited, or not written by msflow")
	}
	carried := string(b[at[2]:at[3]])
	if sumOf(append(b[:at[2]:at[2]], b[at[3]:]...)) != carried {
		return errors.New("its contents do not have the checksum that it carries; it is damaged or was edited")
	}
	return nil
}

func sumOf(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
