package detector

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/train"
)

// Features are the pooled maps of a set of images. The backbone is frozen and nothing is augmented, so they are computed
// once and serve every epoch. They lie in memory, or in a temporary file when they need more than the limit.
type Features struct {
	Maps  []flow.Map // shape of each scale
	Names []string   // of the images
	Parts []string   // the physical part that each image shows; nil: each its own

	store   store
	views   []datasets.View // what each image shows of its picture
	picture []int           // the place of its picture; several tiles may be of one
	canvas  []datasets.View // of each picture, what its images show together
}

var _ train.Source = (*Features)(nil)

// store keeps one run of floats per image.
type store interface {
	put(image int, values []float32) error
	get(image int, into []float32) error
	close() error
}

func newFeatures(names []string, maps []flow.Map, limit int64) (*Features, error) {
	f := &Features{Maps: maps, Names: names, views: make([]datasets.View, len(names))}
	per := f.perImage()
	if need := int64(len(names)) * int64(per) * 4; need <= limit {
		f.store = &memoryStore{per: per, values: make([]float32, len(names)*per)}
		return f, nil
	}
	file, err := os.CreateTemp("", "msflow-features-*")
	if err != nil {
		return nil, fmt.Errorf("making a file for the features: %w", err)
	}
	// The name goes at once: the space is free again when the process ends, however it ends.
	os.Remove(file.Name())
	f.store = &fileStore{per: per, file: file}
	return f, nil
}

// perImage is the number of values of one image's maps together.
func (f *Features) perImage() int {
	n := 0
	for _, m := range f.Maps {
		n += m.Len()
	}
	return n
}

// Len is the number of images.
func (f *Features) Len() int { return len(f.Names) }

// Batch copies images into maps, see train.Source.
func (f *Features) Batch(ctx context.Context, index []int, maps [][]float32) error {
	row := make([]float32, f.perImage())
	for b, image := range index {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.store.get(image, row); err != nil {
			return fmt.Errorf("reading the features of %s: %w", datasets.Printable(f.Names[image]), err)
		}
		at := 0
		for s, m := range f.Maps {
			n := m.Len()
			copy(maps[s][b*n:(b+1)*n], row[at:at+n])
			at += n
		}
	}
	return nil
}

// pictures is how many pictures some images are of.
func (f *Features) pictures(index []int) (n int) {
	for k, i := range index {
		if k == 0 || f.picture[i] != f.picture[index[k-1]] {
			n++
		}
	}
	return n
}

// change rewrites the values of every image.
func (f *Features) change(ctx context.Context, do func(row []float32)) error {
	row := make([]float32, f.perImage())
	for i, name := range f.Names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.store.get(i, row); err != nil {
			return fmt.Errorf("reading the features of %s: %w", name, err)
		}
		do(row)
		if err := f.store.put(i, row); err != nil {
			return fmt.Errorf("keeping the features of %s: %w", name, err)
		}
	}
	return nil
}

// Close frees the memory or the file.
func (f *Features) Close() error { return f.store.close() }

type memoryStore struct {
	per    int
	values []float32
}

func (m *memoryStore) put(image int, v []float32) error {
	copy(m.values[image*m.per:(image+1)*m.per], v)
	return nil
}

func (m *memoryStore) get(image int, into []float32) error {
	copy(into, m.values[image*m.per:(image+1)*m.per])
	return nil
}

func (m *memoryStore) close() error {
	m.values = nil
	return nil
}

type fileStore struct {
	per  int
	file *os.File
}

func (f *fileStore) put(image int, v []float32) error {
	var buf bytes.Buffer
	if err := binary.Write(&buf, binary.LittleEndian, v); err != nil {
		return err
	}
	_, err := f.file.WriteAt(buf.Bytes(), int64(image)*int64(f.per)*4)
	return err
}

func (f *fileStore) get(image int, into []float32) error {
	buf := make([]byte, 4*f.per)
	if _, err := f.file.ReadAt(buf, int64(image)*int64(f.per)*4); err != nil {
		return err
	}
	_, err := binary.Decode(buf, binary.LittleEndian, into)
	return err
}

func (f *fileStore) close() error { return f.file.Close() }
