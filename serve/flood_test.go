package serve_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/msflow-go/msflow/serve"
)

// Ten thousand requests of fifty clients, over REST and over gRPC: each is answered with its own image's score, and what is
// in use afterwards is what was in use after the first thousand.
func TestFlood(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to send ten thousand requests")
	}
	s, url, images, want := started(t, serve.Config{})
	calls, _, _ := calling(t, s)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floodClients}}
	rest := func(i int) (float64, error) {
		r, err := client.Post(url+"/predict", "image/png", bytes.NewReader(images[i]))
		if err != nil {
			return 0, err
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			return 0, fmt.Errorf("status %d: %s: %w", r.StatusCode, body, err)
		}
		var v serve.Verdict
		err = json.Unmarshal(body, &v)
		return v.Score, err
	}
	grpc := func(i int) (float64, error) {
		a, err := calls.ModelInfer(context.Background(), askFor(images[i:i+1], "score"))
		if err != nil {
			return 0, err
		}
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(a.RawOutputContents[0]))), nil
	}
	for name, ask := range map[string]func(i int) (float64, error){"REST": rest, "gRPC": grpc} {
		t.Run(name, func(t *testing.T) {
			scores := make([]float64, len(want))
			for i, p := range want {
				scores[i] = p.Score
			}
			flood(t, 1000, scores, ask)
			before := inUse()
			flood(t, 10_000, scores, ask)
			if after := inUse(); after > before+8<<20 {
				t.Errorf("%d MB are in use, and %d MB were before", after>>20, before>>20)
			}
		})
	}
}

const floodClients = 50

func flood(t *testing.T, n int, want []float64, ask func(i int) (float64, error)) {
	t.Helper()
	var wait sync.WaitGroup
	var answered atomic.Int64
	for client := range floodClients {
		wait.Go(func() {
			for k := client; k < n; k += floodClients {
				i := k % len(want)
				score, err := ask(i)
				if err != nil || math.Abs(score-want[i]) > 1e-5 {
					t.Errorf("request %d: score %v, want %v, %v", k, score, want[i], err)
					return
				}
				answered.Add(1)
			}
		})
	}
	wait.Wait()
	if got := answered.Load(); got != int64(n) {
		t.Errorf("%d of %d requests were answered", got, n)
	}
}

// inUse is how many bytes are in use after a collection.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
