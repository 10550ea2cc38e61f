package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// Entry names an image and its content.
type Entry struct {
	Name      string `json:"name"`                // as Sample.Name
	SHA256    string `json:"sha256"`              // as Sample.Digest
	Picture   string `json:"picture,omitempty"`   // as Sample.PictureDigest, where that is another one
	Anomalous bool   `json:"anomalous,omitempty"` // as Sample.Anomalous
}

// Division is a data set's division by name and content. Stored with a training, it brings the same images back to the same
// side later, whatever has been added to the folder since.
type Division struct {
	Train      []Entry `json:"train"`
	Validation []Entry `json:"validation,omitempty"`
	Test       []Entry `json:"test"`
}

// Change is how the files differ from those of a Division.
type Change struct {
	Missing []string // in the division and not in the data set
	Changed []string // with another content
	Added   []string // in the data set and not in the division
}

// Division reads all files of the data set once, on all cores.
func (d *Data) Division(ctx context.Context) (v Division, err error) {
	if v.Train, err = d.Train.entries(ctx); err != nil {
		return v, err
	}
	if v.Validation, err = d.Validation.entries(ctx); err != nil {
		return v, err
	}
	v.Test, err = d.Test.entries(ctx)
	return v, err
}

// Divide divides the data set as v does, in v's order, and says what has changed since. Images that v does not know are
// left out; those that are missing are missing.
func (d *Data) Divide(ctx context.Context, v Division) (Change, error) {
	var c Change
	samples := map[string]Sample{}
	for _, set := range []Set{d.Train, d.Validation, d.Test} {
		for _, s := range set {
			samples[s.Name] = s
			c.Added = append(c.Added, s.Name)
		}
	}
	known := map[string]bool{}
	entries := [][]Entry{v.Train, v.Validation, v.Test}
	for i, part := range []*Set{&d.Train, &d.Validation, &d.Test} {
		set := Set{}
		for _, e := range entries[i] {
			known[e.Name] = true
			if s, ok := samples[e.Name]; ok {
				set = append(set, s)
			} else {
				c.Missing = append(c.Missing, e.Name)
			}
		}
		now, err := set.entries(ctx)
		if err != nil {
			return c, err
		}
		c.Changed = append(c.Changed, changed(entries[i], now)...)
		*part = set
	}
	added := c.Added[:0]
	for _, name := range c.Added {
		if !known[name] {
			added = append(added, name)
		}
	}
	c.Added = added
	return c, nil
}

// changed names the entries that are in both lists with different content.
func changed(before, now []Entry) (names []string) {
	content := map[string]string{}
	for _, e := range now {
		content[e.Name] = e.SHA256
	}
	for _, e := range before {
		if sum, here := content[e.Name]; here && sum != e.SHA256 {
			names = append(names, e.Name)
		}
	}
	return names
}

func (s Set) entries(ctx context.Context) ([]Entry, error) {
	out, errs := make([]Entry, len(s)), make([]error, len(s))
	inParallel(ctx, len(s), func(i int) {
		out[i].Name, out[i].Anomalous = s[i].Name, s[i].Anomalous
		out[i].SHA256, out[i].Picture, errs[i] = s[i].digests()
		if out[i].Picture == out[i].SHA256 {
			out[i].Picture = ""
		}
	})
	return out, errors.Join(append(errs, ctx.Err())...)
}

// Digest is the SHA-256, in hexadecimal digits, of the sample's image file and of its mask files, or of the pixels where
// there are no files.
func (s Sample) Digest() (string, error) {
	whole, _, err := s.digests()
	return whole, err
}

// PictureDigest is Digest without the mask.
func (s Sample) PictureDigest() (string, error) {
	_, picture, err := s.digests()
	return picture, err
}

// digests are Digest and PictureDigest.
func (s Sample) digests() (whole, picture string, err error) {
	if s.pixels == nil {
		return "", "", fmt.Errorf("sample %q has no pixels: it was not made by this package", s.Name)
	}
	h := sha256.New()
	if files, ok := s.pixels.(fileSource); ok {
		picture, err = files.digest(h)
	} else {
		picture, err = s.digestPixels(h)
	}
	return sumSoFar(h), picture, err
}

func sumSoFar(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// digest adds the files to h and gives the sum of the first, the picture.
func (f fileSource) digest(h hash.Hash) (picture string, err error) {
	for i, path := range append([]string{f.image}, f.masks...) {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		n, err := io.Copy(h, file)
		file.Close()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "\n%d bytes\n", n)
		if i == 0 {
			picture = sumSoFar(h)
		}
	}
	return picture, nil
}

// digestPixels adds picture and mask to h and gives the sum of the picture.
func (s Sample) digestPixels(h hash.Hash) (picture string, err error) {
	im, mask, err := s.Load(0, 0)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(h, "%d×%d\n", im.H, im.W)
	h.Write(im.Pix)
	picture = sumSoFar(h)
	if mask != nil {
		fmt.Fprintf(h, "mask %d×%d\n", mask.H, mask.W)
		h.Write(mask.Pix)
	}
	return picture, nil
}
