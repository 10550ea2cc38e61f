package serve

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meters are what GET /metrics shows.
type meters struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	images   *prometheus.CounterVec
	scores   *prometheus.HistogramVec
	batch    prometheus.Histogram
	handler  http.Handler
}

func newMeters(underWay func() float64) *meters {
	r := prometheus.NewRegistry()
	m := &meters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "msflow_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "msflow_request_seconds", Help: "Time from a request's header to its answer.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"route"}),
		images: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "msflow_images_total", Help: "Images by model and verdict."}, []string{"model", "verdict"}),
		scores: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "msflow_score", Help: "Image scores by model; calibrated, one normal image in a hundred reaches 0.5.", Buckets: prometheus.LinearBuckets(-0.5, 0.1, 21),
		}, []string{"model"}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "msflow_batch_images", Help: "Images that went through a detector together.", Buckets: []float64{1, 2, 4, 8, 16, 32},
		}),
	}
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "msflow_images_under_way", Help: "Images that are read, queued or scored."}, underWay)
	r.MustRegister(m.requests, m.seconds, m.images, m.scores, m.batch, waiting,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	return m
}

func (m *meters) request(pattern, status string, took time.Duration) {
	_, route, _ := strings.Cut(pattern, " ")
	m.requests.WithLabelValues(route, status).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
