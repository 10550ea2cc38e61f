package weights

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
)

// The format of torch.save before PyTorch 1.6 is a row of pickles: a magic number, the format's version, the writer's byte
// order, the value itself and the list of storage keys. Each storage follows as its element count and bytes.

// legacyMagic is the number as the first pickle writes it: LONG1 of 10 bytes, after a few bytes of preamble that depend on
// the pickle's protocol.
var legacyMagic = []byte{0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}

const legacyVersion = 1001

// legacyReader walks along the row.
type legacyReader struct {
	data     []byte
	storages storageSet
	views    map[string]*storage
}

func readTorchLegacy(data []byte) (any, error) {
	r := &legacyReader{
		data:     data,
		storages: storageSet{room: int64(len(data)), byKey: map[string]*storage{}},
		views:    map[string]*storage{},
	}
	if err := r.preamble(); err != nil {
		return nil, err
	}
	value, err := r.next()
	if err != nil {
		return nil, err
	}
	return value, r.readStorages()
}

// next runs the pickle at the front of the row.
func (r *legacyReader) next() (any, error) {
	m := pickleMachine{data: r.data, persistent: r.storage}
	v, used, err := m.run()
	r.data = r.data[min(used, len(r.data)):]
	return v, err
}

func (r *legacyReader) preamble() error {
	magic, err := r.next()
	if err != nil {
		return err
	}
	if _, ok := magic.(*big.Int); !ok {
		return errors.New("it does not start with PyTorch's magic number")
	}
	version, err := r.next()
	if err != nil {
		return err
	}
	if version != int64(legacyVersion) {
		return fmt.Errorf("format version %s is not supported, only %d", quote(version), legacyVersion)
	}
	system, err := r.next()
	if err != nil {
		return err
	}
	if d, ok := system.(*Dict); ok {
		if little, found := d.Get("little_endian"); found && little != true {
			return errors.New("big-endian files are not supported")
		}
	}
	return nil
}

// storage handles an id that may end in (key, offset, size) of a view into the storage; the tensors are then views of that
// view.
func (r *legacyReader) storage(id tuple) (any, error) {
	v, err := r.storages.get(id)
	if err != nil || len(id) < 6 || id[5] == nil {
		return v, err
	}
	root := v.(*storage)
	view, ok := id[5].(tuple)
	if !ok || len(view) != 3 {
		return nil, errors.New("a storage view that is not (key, offset, size)")
	}
	key, ok1 := view[0].(string)
	offset, ok2 := view[1].(int64)
	size, ok3 := view[2].(int64)
	if !ok1 || !ok2 || !ok3 || offset < 0 || size < 0 || size > int64(root.numel) || offset > int64(root.numel)-size {
		return nil, fmt.Errorf("a storage view reaches past storage %s", clip(root.key))
	}
	s := &storage{key: key, dtype: root.dtype, numel: int(size), parent: root, offset: int(offset)}
	if old := r.views[key]; old != nil {
		return old, nil
	}
	r.views[key] = s
	return s, nil
}

// readStorages cuts the bytes behind the pickles into the declared storages.
func (r *legacyReader) readStorages() error {
	keys, err := r.next()
	if err != nil {
		return err
	}
	l, ok := keys.(*list)
	if !ok {
		return errors.New("the list of storages is missing")
	}
	for _, key := range l.items {
		k, _ := key.(string)
		s := r.storages.byKey[k]
		if s == nil {
			return fmt.Errorf("data for a storage %s that no tensor uses", quote(key))
		}
		if err := r.readStorage(s); err != nil {
			return err
		}
	}
	for _, key := range sortedKeys(r.storages.byKey) {
		if s := r.storages.byKey[key]; s.raw == nil {
			return fmt.Errorf("storage %s has no data", clip(key))
		}
	}
	if len(r.data) > 0 {
		return fmt.Errorf("%d bytes follow the last storage", len(r.data))
	}
	return nil
}

func (r *legacyReader) readStorage(s *storage) error {
	size := s.numel * s.dtype.size // newStorage saw that this fits
	if len(r.data) < 8+size {
		return fmt.Errorf("storage %s needs %d bytes, %d are left: the file is cut off", clip(s.key), size, max(0, len(r.data)-8))
	}
	if n := le.Uint64(r.data); n != uint64(s.numel) {
		return fmt.Errorf("storage %s has %d elements, its tensors expect %d", clip(s.key), n, s.numel)
	}
	s.raw = r.data[8 : 8+size : 8+size]
	r.data = r.data[8+size:]
	return nil
}

// isLegacy reports whether data starts like the format.
func isLegacy(data []byte) bool {
	return len(data) > 0 && data[0] == 0x80 && bytes.Contains(data[:min(len(data), 32)], legacyMagic)
}
