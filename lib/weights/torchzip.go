package weights

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
)

// zipArchive is a file of torch.save since PyTorch 1.6: a zip whose entries are stored without compression, NAME/data.pkl
// with the pickle and NAME/data/KEY with each storage's bytes.
type zipArchive struct {
	prefix  string // "NAME/"
	data    []byte // the whole file
	entries map[string]*zip.File
}

// readTorchZip runs the archive's pickle and reads the storages it refers to.
func readTorchZip(data []byte) (any, error) {
	a, err := openZip(data)
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
	storages := storageSet{room: int64(len(data)), byKey: map[string]*storage{}}
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

func openZip(data []byte) (*zipArchive, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: cut off or damaged", err)
	}
	a := &zipArchive{data: data, entries: map[string]*zip.File{}}
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

// read returns an entry's bytes, in place, after comparing them with their checksum.
func (a *zipArchive) read(name string) ([]byte, error) {
	f := a.entries[a.prefix+name]
	if f == nil {
		return nil, fmt.Errorf("entry %s is missing", clip(name))
	}
	if f.Method != zip.Store || f.UncompressedSize64 != f.CompressedSize64 {
		return nil, fmt.Errorf("entry %s is compressed; torch.save never does that", clip(name))
	}
	at, err := f.DataOffset()
	if err != nil {
		return nil, fmt.Errorf("entry %s: %w", clip(name), err)
	}
	size := uint64(len(a.data))
	if at < 0 || uint64(at) > size || f.UncompressedSize64 > size-uint64(at) {
		return nil, fmt.Errorf("entry %s claims %d bytes, more than the file has", clip(name), f.UncompressedSize64)
	}
	raw := a.data[at:][:f.UncompressedSize64]
	if crc32.ChecksumIEEE(raw) != f.CRC32 {
		return nil, fmt.Errorf("entry %s is damaged: its checksum does not match", clip(name))
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
