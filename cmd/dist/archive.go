package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Writing to memory cannot fail, and so an error here is a mistake of this program.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func sorted(files []file) []file {
	return slices.SortedFunc(slices.Values(files), func(a, b file) int { return strings.Compare(a.name, b.name) })
}

func (f file) mode() int64 {
	if f.runs {
		return 0o755
	}
	return 0o644
}

// tarred is a .tar.gz in which nothing tells where and by whom it was made.
func tarred(files []file, at time.Time) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	check(err)
	w := tar.NewWriter(z)
	for _, f := range sorted(files) {
		check(w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode(), Size: int64(len(f.content)), ModTime: at, Format: tar.FormatUSTAR}))
		_, err := w.Write(f.content)
		check(err)
	}
	check(w.Close())
	check(z.Close())
	return out.Bytes()
}

// zipped is a .zip, in the order of names.
func zipped(files []file, at time.Time) []byte { return zippedInOrder(sorted(files), at) }

func zippedInOrder(files []file, at time.Time) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(fs.FileMode(f.mode()))
		h.Modified = at
		to, err := w.CreateHeader(h)
		check(err)
		_, err = to.Write(f.content)
		check(err)
	}
	check(w.Close())
	return out.Bytes()
}
