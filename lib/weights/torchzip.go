package weights

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// zipArchive is a file of torch.save since PyTorch 1.6: a zip whose entries are
// stored without compression, NAME/data.pkl with the pickle and NAME/data/KEY
// with each storage's bytes.
type zipArchive struct {
	prefix  string // "NAME/"
	size    int64
	entries map[string]*zip.File
	used    int64 // bytes read so far; entries that share bytes cannot multiply them
}

// readTorchZip runs the archive's pickle and reads the storages it refers to.
func readTorchZip(r io.ReaderAt, size int64) (any, error) {
	a, err := openZip(r, size)
	if err != nil {
		return nil, err
	}
	if err := a.checkByteOrder(); err != nil {
		return nil, err
	}
	program, err := a.read("data.pkl")
	if err != nil {
		return nil, err
	}
	storages := storageSet{room: size, byKey: map[string]*storage{}}
	m := pickleMachine{data: program, persistent: storages.get}
	value, _, err := m.run()
	if err != nil {
		return nil, err
	}
	for _, key := range sortedKeys(storages.byKey) {
		if storages.byKey[key].raw, err = a.read("data/" + key); err != nil {
			return nil, err
		}
	}
	return value, nil
}

func openZip(r io.ReaderAt, size int64) (*zipArchive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: cut off or damaged", err)
	}
	a := &zipArchive{size: size, entries: map[string]*zip.File{}}
	for _, f := range z.File {
		if _, dup := a.entries[f.Name]; dup {
			return nil, fmt.Errorf("two entries are called %s", clip(f.Name))
		}
		a.entries[f.Name] = f
		if dir, ok := strings.CutSuffix(f.Name, "data.pkl"); ok && strings.Count(f.Name, "/") == 1 {
			a.prefix = dir
		}
	}
	if a.prefix == "" {
		return nil, errors.New("the zip has no data.pkl: it was not written by torch.save")
	}
	return a, nil
}

// read returns an entry's bytes after comparing them with their checksum.
func (a *zipArchive) read(name string) ([]byte, error) {
	f := a.entries[a.prefix+name]
	if f == nil {
		return nil, fmt.Errorf("entry %s is missing", clip(name))
	}
	if f.Method != zip.Store || f.UncompressedSize64 != f.CompressedSize64 {
		return nil, fmt.Errorf("entry %s is compressed; torch.save never does that", clip(name))
	}
	if f.UncompressedSize64 > uint64(a.size-a.used) {
		return nil, fmt.Errorf("entry %s claims %d bytes, more than the file has", clip(name), f.UncompressedSize64)
	}
	a.used += int64(f.UncompressedSize64)
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("entry %s: %w", clip(name), err)
	}
	defer r.Close()
	raw := make([]byte, f.UncompressedSize64)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, fmt.Errorf("entry %s: %w", clip(name), err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF { // the checksum is compared at the end
		return nil, fmt.Errorf("entry %s is damaged: %w", clip(name), err)
	}
	return raw, nil
}

func (a *zipArchive) checkByteOrder() error {
	if a.entries[a.prefix+"byteorder"] == nil {
		return nil // before PyTorch 2.1: always the writer's, and those were little-endian
	}
	order, err := a.read("byteorder")
	if err == nil && string(order) != "little" {
		err = fmt.Errorf("byte order %q is not supported", clip(string(order)))
	}
	return err
}

// storageSet hands out one storage per key.
type storageSet struct {
	room  int64
	byKey map[string]*storage
}

func (s *storageSet) get(id tuple) (any, error) {
	st, err := newStorage(id, s.room)
	if err != nil {
		return nil, err
	}
	if old := s.byKey[st.key]; old != nil {
		if old.dtype != st.dtype || old.numel != st.numel {
			return nil, fmt.Errorf("storage %s is declared in two ways", clip(st.key))
		}
		return old, nil
	}
	s.byKey[st.key] = st
	return st, nil
}
