package serve

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/msflow-go/msflow/serve/internal/oip"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The messages are made by protoc (PyPI's grpcio-tools), protoc-gen-go of go.mod's google.golang.org/protobuf and protoc-gen-go-grpc 1.5.1.
//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative internal/oip/inference.proto

// ServeGRPC answers the Open Inference Protocol over gRPC on a listener until ctx is done, as Serve does over HTTP. secure is nil for
// connections in the clear.
func (s *Server) ServeGRPC(ctx context.Context, l net.Listener, secure *tls.Config) error {
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(int(min(s.config.MaxBody, 1<<31-1))), grpc.ConnectionTimeout(10 * time.Second), grpc.UnaryInterceptor(s.guardCall),
		grpc.MaxConcurrentStreams(uint32(2 * s.config.Queue)), // of a connection; calls beyond the queue are refused
	}
	if secure != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(secure)))
	}
	g := grpc.NewServer(options...)
	oip.RegisterGRPCInferenceServiceServer(g, calls{server: s})
	failed := make(chan error, 1)
	go func() { failed <- g.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	stopped := make(chan struct{})
	go func() {
		g.GracefulStop()
		close(stopped)
	}()
	select {
	case <-stopped:
		return nil
	case <-time.After(s.config.Grace):
		g.Stop()
		return fmt.Errorf("stopping: calls were still under way after %v", s.config.Grace)
	}
}

// statuses are the codes of gRPC for those of HTTP.
var statuses = map[int]codes.Code{
	http.StatusBadRequest: codes.InvalidArgument, http.StatusUnauthorized: codes.Unauthenticated, http.StatusNotFound: codes.NotFound,
	http.StatusRequestEntityTooLarge: codes.InvalidArgument, http.StatusTooManyRequests: codes.ResourceExhausted,
}

// open are the calls that need no token: those for health.
var open = map[string]bool{oip.GRPCInferenceService_ServerLive_FullMethodName: true, oip.GRPCInferenceService_ServerReady_FullMethodName: true}

// guardCall asks for the token, and answers with errors and their codes. A mistake inside of the program ends the call, not the server.
func (s *Server) guardCall(ctx context.Context, request any, info *grpc.UnaryServerInfo, do grpc.UnaryHandler) (answer any, err error) {
	begin := time.Now()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a mistake inside of the server: %v", p)
		}
		code := codeOf(err)
		s.meters.request("grpc "+info.FullMethod, code.String(), time.Since(begin))
		if err != nil {
			answer, err = nil, status.Error(code, err.Error())
		}
	}()
	if s.config.Token != "" && !open[info.FullMethod] && !s.bears(ctx) {
		return nil, fail(http.StatusUnauthorized, "a bearer token is needed")
	}
	return do(ctx, request)
}

func codeOf(err error) codes.Code {
	var known failure
	switch {
	case err == nil:
		return codes.OK
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	case errors.As(err, &known):
		if code, ok := statuses[known.status]; ok {
			return code
		}
	}
	return codes.Internal
}

// bears tells whether a call has the token.
func (s *Server) bears(ctx context.Context) bool {
	head, _ := metadata.FromIncomingContext(ctx)
	for _, given := range head.Get("authorization") {
		if subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+s.config.Token)) == 1 {
			return true
		}
	}
	return false
}

// calls are the protocol's.
type calls struct {
	oip.UnimplementedGRPCInferenceServiceServer
	server *Server
}

func (c calls) ServerLive(context.Context, *oip.ServerLiveRequest) (*oip.ServerLiveResponse, error) {
	return &oip.ServerLiveResponse{Live: true}, nil
}

func (c calls) ServerReady(context.Context, *oip.ServerReadyRequest) (*oip.ServerReadyResponse, error) {
	return &oip.ServerReadyResponse{Ready: !c.server.stopping.Load()}, nil
}

func (c calls) ModelReady(_ context.Context, q *oip.ModelReadyRequest) (*oip.ModelReadyResponse, error) {
	_, err := c.server.version(q.Name, q.Version)
	return &oip.ModelReadyResponse{Ready: err == nil && !c.server.stopping.Load()}, nil
}

func (c calls) ServerMetadata(context.Context, *oip.ServerMetadataRequest) (*oip.ServerMetadataResponse, error) {
	return &oip.ServerMetadataResponse{Name: "msflow", Version: c.server.config.Version}, nil
}

func (c calls) ModelMetadata(_ context.Context, q *oip.ModelMetadataRequest) (*oip.ModelMetadataResponse, error) {
	m, err := c.server.version(q.Name, q.Version)
	if err != nil {
		return nil, err
	}
	about := &oip.ModelMetadataResponse{Name: m.Name, Versions: []string{modelVersion}, Platform: "msflow"}
	about.Inputs = described([]tensorInfo{{"image", "BYTES", []int{-1}}})
	about.Outputs = described(m.outputs())
	return about, nil
}

func described(infos []tensorInfo) (out []*oip.ModelMetadataResponse_TensorMetadata) {
	for _, t := range infos {
		out = append(out, &oip.ModelMetadataResponse_TensorMetadata{Name: t.Name, Datatype: t.Datatype, Shape: wide(t.Shape)})
	}
	return out
}

func wide(v []int) []int64 {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return out
}

// ModelInfer is infer over gRPC. Outputs come as raw contents, whichever way the input came, as other servers answer.
func (c calls) ModelInfer(ctx context.Context, q *oip.ModelInferRequest) (*oip.ModelInferResponse, error) {
	m, err := c.server.version(q.ModelName, q.ModelVersion)
	if err != nil {
		return nil, err
	}
	request, content, err := requested(q)
	if err != nil {
		return nil, err
	}
	response := &oip.ModelInferResponse{ModelName: m.Name, ModelVersion: modelVersion, Id: q.Id}
	answer, err := c.server.inferred(ctx, m, func() (*inferRequest, []byte, error) { return request, content, nil })
	if err != nil {
		return nil, err
	}
	for _, t := range answer.tensors {
		response.Outputs = append(response.Outputs, &oip.ModelInferResponse_InferOutputTensor{Name: t.Name, Datatype: t.Datatype, Shape: wide(t.Shape)})
		response.RawOutputContents = append(response.RawOutputContents, appendBinary(nil, answer.values[t.Name]))
	}
	return response, nil
}

// requested is a request as REST has it, with its input's contents as bytes.
func requested(q *oip.ModelInferRequest) (*inferRequest, []byte, error) {
	r := &inferRequest{ID: q.Id}
	for _, out := range q.Outputs {
		r.Outputs = append(r.Outputs, requestedOutput{Name: out.Name})
	}
	var content []byte
	for i, in := range q.Inputs {
		t := inputTensor{Name: in.Name, Datatype: in.Datatype}
		for _, n := range in.Shape {
			if n < 0 || n > 1<<31 {
				return nil, nil, fail(http.StatusBadRequest, "the input %s has the shape %v", in.Name, in.Shape)
			}
			t.Shape = append(t.Shape, int(n))
		}
		switch {
		case i < len(q.RawInputContents):
			content = q.RawInputContents[i]
		case in.Datatype == "BYTES":
			content = nil
			for _, file := range in.Contents.GetBytesContents() {
				content = appendBinary(content, []string{string(file)})
			}
		default:
			var err error
			if content, err = narrow(in.Contents.GetUintContents()); err != nil {
				return nil, nil, err
			}
		}
		size := len(content)
		t.Parameters.Size = &size
		r.Inputs = append(r.Inputs, t)
	}
	return r, content, nil
}

// narrow are the values of a UINT8 tensor, which the protocol has as wider numbers.
func narrow(values []uint32) ([]byte, error) {
	out := make([]byte, len(values))
	for i, v := range values {
		if v > 255 {
			return nil, fail(http.StatusBadRequest, "the input's data hold %s, which is no UINT8", strconv.FormatUint(uint64(v), 10))
		}
		out[i] = byte(v)
	}
	return out, nil
}
