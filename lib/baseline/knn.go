package baseline

import (
	"context"
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/weights"
)

// knn compares whole images: the mean feature over all places with that of the nearest training image. Its score is that
// distance. The map is coarse: it tells how far each place's features are from the mean of the image that is nearest as a
// whole.
type knn struct {
	embedding
	bank []float32 // mean feature of each training image, (images,channels)
}

func newKNN(maps []Map, _ Options) Model { return &knn{embedding: embedding{maps: maps}} }

func (m *knn) Fitted() bool     { return m.bank != nil }
func (m *knn) Size() (h, w int) { return m.maps[0].H, m.maps[0].W }

func (m *knn) Fit(ctx context.Context, data Source, progress func(done, total int)) error {
	report := passes(data, 1, progress)
	bank := make([]float32, 0, data.Len()*m.channels())
	x := make([]float32, batchSize*m.size())
	err := each(ctx, data, m.maps, func(_, n int, maps [][]float32) error {
		m.all(x, n, maps)
		for i := range n {
			bank = append(bank, m.mean(x[i*m.size():(i+1)*m.size()])...)
		}
		report(n)
		return nil
	})
	if err != nil {
		return fmt.Errorf("knn: %w", err)
	}
	m.bank = bank
	return nil
}

// mean is the mean feature of an image (channels,places).
func (m *knn) mean(image []float32) []float32 {
	places := m.places()
	out := make([]float32, m.channels())
	for k := range out {
		sum := 0.0
		for _, v := range image[k*places : (k+1)*places] {
			sum += float64(v)
		}
		out[k] = float32(sum / float64(places))
	}
	return out
}

func (m *knn) Distance(ctx context.Context, n int, maps [][]float32) ([]float32, []float64, error) {
	c, places := m.channels(), m.places()
	x := make([]float32, n*m.size())
	m.all(x, n, maps)
	distance, scores := make([]float32, n*places), make([]float64, n)
	for i := range n {
		image := x[i*m.size() : (i+1)*m.size()]
		mean, nearest := m.mean(image), 0
		scores[i] = math.Inf(1)
		for k := range len(m.bank) / c {
			if d := euclid(mean, m.bank[k*c:(k+1)*c]); d < scores[i] {
				nearest, scores[i] = k, d
			}
		}
		subtract(image, m.bank[nearest*c:(nearest+1)*c], places)
		norms(distance[i*places:(i+1)*places], image)
	}
	return distance, scores, ctx.Err()
}

func (m *knn) Tensors() []weights.Tensor {
	return []weights.Tensor{tensor("knn.bank", m.bank, len(m.bank)/m.channels(), m.channels())}
}

func (m *knn) Restore(get func(name string) (weights.Tensor, error)) error {
	t, err := fetch(get, "knn.bank", -1, m.channels())
	if err == nil {
		m.bank = t.Data
	}
	return err
}
