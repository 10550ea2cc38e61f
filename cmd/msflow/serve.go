package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/msflow-go/msflow/serve"
	"github.com/spf13/cobra"
)

// serveFlags are the flags of msflow serve.
type serveFlags struct {
	listen    string
	grpc      string
	weights   string
	threshold thresholdFlags
	maxBody   int64
	maxPixels int
	queue     int
	batch     int
	tokenFile string
	cert, key string
	device    flags.Device
}

func serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [NAME=]RUN|DETECTOR...",
		Short: "Answer over HTTP what detectors say of images",
		Long: "POST /predict takes an image file's bytes (?model=NAME of several, ?mask=1 for the mask, ?map=1 for the map) and answers with\n" +
			"score, verdict and defects in JSON; / is a page to drop pictures on. /v2 is the Open Inference Protocol (REST; gRPC with --grpc-listen), which the\n" +
			"clients of KServe and Triton speak; /healthz, /readyz and /metrics (Prometheus) are for those who run it. Images of several requests are\n" +
			"scored together. What does not fit the queue is answered with 429 at once. SIGINT and SIGTERM finish what is under way. It\n" +
			"listens on this machine alone unless --listen says otherwise; then give it --token-file and --tls-cert.\n\n" + thresholdHelp,
		Example: "  msflow serve runs/parts\n  curl --data-binary @photo.jpg http://127.0.0.1:8080/predict",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.device.Register(cmd, xla.TF32)
	f.threshold.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address and port")
	fl.StringVar(&f.grpc, "grpc-listen", "", "address and port for gRPC, such as 127.0.0.1:8081 (default: none)")
	fl.StringVar(&f.weights, "weights", "", "file of the backbone's weights, if it has moved")
	fl.Int64Var(&f.maxBody, "max-body", 64, "megabytes (2²⁰ bytes) of a request")
	fl.IntVar(&f.maxPixels, "max-pixels", 50, "million pixels of an image")
	fl.IntVar(&f.queue, "queue", 64, "images under way at a time")
	fl.IntVar(&f.batch, "batch", 8, "images that are scored together")
	fl.StringVar(&f.tokenFile, "token-file", "", "file with a token that requests must bear (Authorization: Bearer TOKEN)")
	fl.StringVar(&f.cert, "tls-cert", "", "file of the certificate (PEM), for https")
	fl.StringVar(&f.key, "tls-key", "", "file of its key (PEM)")
	return cmd
}

func (f *serveFlags) run(cmd *cobra.Command, args []string) error {
	config, err := f.config()
	if err != nil {
		return err
	}
	secure, err := f.tls()
	if err != nil {
		return err
	}
	var models []serve.Model
	for _, arg := range args {
		m, err := f.model(cmd, arg)
		if err != nil {
			return err
		}
		models = append(models, m)
	}
	collectSeldom()
	s, err := serve.New(models, config)
	if err != nil {
		return err
	}
	if err := f.answer(cmd, s, secure); err != nil {
		return err
	}
	s.Close()
	return nil
}

// garbage is how many bytes of it a server keeps before it collects.
const garbage = 256 << 20

// collectSeldom lets garbage pile up: a request leaves megabytes behind, so that with Go's default one in a few would wait for a
// collection. Whoever sets GOGC decides.
func collectSeldom() {
	if os.Getenv("GOGC") != "" {
		return
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(max(100, int(100*garbage/max(m.HeapAlloc, 1<<20))))
}

// answer answers over HTTP, and over gRPC where that is wanted, until the command is interrupted or one of them fails.
func (f *serveFlags) answer(cmd *cobra.Command, s *serve.Server, secure *tls.Config) error {
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	f.listening(cmd, "http", l, secure)
	var calls net.Listener
	if f.grpc != "" {
		if calls, err = net.Listen("tcp", f.grpc); err != nil {
			l.Close()
			return fmt.Errorf("--grpc-listen: %w", err)
		}
		f.listening(cmd, "grpc", calls, secure)
	}
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		defer stop()
		if calls == nil {
			ended <- nil
			<-ctx.Done()
			return
		}
		ended <- s.ServeGRPC(ctx, calls, secure)
	}()
	err = s.Serve(ctx, l)
	stop()
	return errors.Join(err, <-ended)
}

// listening says where a server listens.
func (f *serveFlags) listening(cmd *cobra.Command, scheme string, l net.Listener, secure *tls.Config) {
	if secure != nil {
		scheme += "s"
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "listening on %s://%s\n", scheme, l.Addr())
	if addr, ok := l.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() && f.tokenFile == "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: other machines can ask it, and no token is needed; --token-file sets one")
	}
}

// mostQueued bounds --queue and --batch.
const mostQueued = 1 << 16

// config checks the limits.
func (f *serveFlags) config() (c serve.Config, err error) {
	if f.maxBody < 1 || f.maxBody > 4096 || f.maxPixels < 1 || f.maxPixels > 100 || f.queue < 1 || f.queue > mostQueued || f.batch < 1 || f.batch > mostQueued {
		return c, errors.New("--max-body is 1 to 4096, --max-pixels 1 to 100, --queue and --batch 1 to 65536")
	}
	if err := f.threshold.check(); err != nil {
		return c, err
	}
	c = serve.Config{Version: version(), MaxBody: f.maxBody << 20, MaxPixels: f.maxPixels * 1_000_000, Queue: f.queue, Batch: f.batch}
	if f.tokenFile == "" {
		return c, nil
	}
	content, err := os.ReadFile(f.tokenFile)
	if err != nil {
		return c, fmt.Errorf("--token-file: %w", err)
	}
	if c.Token = strings.TrimSpace(string(content)); c.Token == "" {
		return c, fmt.Errorf("--token-file: %s is empty", f.tokenFile)
	}
	return c, nil
}

// tls is nil without a certificate.
func (f *serveFlags) tls() (*tls.Config, error) {
	if f.cert == "" && f.key == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// model loads a detector. Without a name of its own it is called as the run's folder or the file.
func (f *serveFlags) model(cmd *cobra.Command, arg string) (m serve.Model, err error) {
	name, path, given := strings.Cut(arg, "=")
	if !given || strings.ContainsAny(name, `/\`) {
		path = arg
		name = strings.TrimSuffix(filepath.Base(filepath.Clean(path)), ".safetensors")
	}
	d, run, err := loadDetector(path, f.weights)
	if err != nil {
		return m, err
	}
	if err := f.device.Use(d, cmd.ErrOrStderr()); err != nil {
		return m, err
	}
	t, err := f.threshold.of(d, run, cmd.ErrOrStderr())
	if err != nil {
		return m, err
	}
	if t.Threshold == nil {
		return m, fmt.Errorf("%s knows no threshold: msflow calibrate finds one, --threshold sets one", path)
	}
	m = serve.Model{Name: name, Detector: d, Threshold: *t.Threshold, From: t.From}
	if t.Map != nil {
		m.Regions = &t.Map.Thresholds
	}
	return m, nil
}
