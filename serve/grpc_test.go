package serve_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"net"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/serve"
	"github.com/msflow-go/msflow/serve/internal/oip"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// calling is a client of a server that answers over gRPC too. stop ends that server gracefully.
func calling(t *testing.T, s *serve.Server) (client oip.GRPCInferenceServiceClient, address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeGRPC(ctx, l, nil) }()
	stopped := false
	stop = func() {
		cancel()
		if err := <-ended; err != nil && !stopped {
			t.Error(err)
		}
		stopped = true
		ended <- nil
	}
	c, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); stop() })
	return oip.NewGRPCInferenceServiceClient(c), l.Addr().String(), stop
}

func askFor(content [][]byte, outputs ...string) *oip.ModelInferRequest {
	q := &oip.ModelInferRequest{ModelName: "parts", Id: "7", Inputs: []*oip.ModelInferRequest_InferInputTensor{{
		Name: "image", Datatype: "BYTES", Shape: []int64{int64(len(content))}, Contents: &oip.InferTensorContents{BytesContents: content},
	}}}
	for _, name := range outputs {
		q.Outputs = append(q.Outputs, &oip.ModelInferRequest_InferRequestedOutputTensor{Name: name})
	}
	return q
}

// Over gRPC the service says what the detector says.
func TestInferOverGRPC(t *testing.T) {
	s, _, images, want := started(t, serve.Config{})
	client, _, _ := calling(t, s)
	ctx := context.Background()
	answer, err := client.ModelInfer(ctx, askFor(images[:3], "map", "score"))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Id != "7" || answer.ModelName != "parts" || len(answer.Outputs) != 2 || answer.Outputs[0].Name != "score" || len(answer.Outputs[1].Shape) != 3 {
		t.Errorf("%v", answer.Outputs)
	}
	scores := make([]float32, 3)
	if err := binary.Read(bytes.NewReader(answer.RawOutputContents[0]), binary.LittleEndian, scores); err != nil {
		t.Fatal(err)
	}
	for i, v := range scores {
		if math.Abs(float64(v)-want[i].Score) > 1e-5 {
			t.Errorf("image %d scores %v, the detector says %v", i, v, want[i].Score)
		}
	}
	if n := len(answer.RawOutputContents[1]); n != 3*64*64*4 {
		t.Errorf("the maps have %d bytes", n)
	}
	all, err := client.ModelInfer(ctx, askFor(images[:1]))
	if err != nil || len(all.Outputs) != 6 {
		t.Errorf("%v %v", all, err)
	}
	pixels := &oip.ModelInferRequest{ModelName: "parts", Inputs: []*oip.ModelInferRequest_InferInputTensor{{Name: "image", Datatype: "UINT8", Shape: []int64{2, 40, 60, 3}}},
		RawInputContents: [][]byte{make([]byte, 2*40*60*3)}}
	if _, err := client.ModelInfer(ctx, pixels); err != nil {
		t.Error(err)
	}
	about, err := client.ModelMetadata(ctx, &oip.ModelMetadataRequest{Name: "parts"})
	if err != nil || len(about.Outputs) != 6 || about.Inputs[0].Datatype != "BYTES" {
		t.Errorf("%v %v", about, err)
	}
}

// What is wrong with a call is told with its code, and the next one is answered.
func TestWrongCalls(t *testing.T) {
	s, _, images, _ := started(t, serve.Config{Queue: 2})
	client, _, _ := calling(t, s)
	ctx := context.Background()
	other := askFor(images[:1])
	other.ModelName = "none"
	huge := askFor(images[:1])
	huge.Inputs[0].Shape = []int64{1 << 60}
	wide := &oip.ModelInferRequest{ModelName: "parts", Inputs: []*oip.ModelInferRequest_InferInputTensor{{
		Name: "image", Datatype: "UINT8", Shape: []int64{1, 1, 3}, Contents: &oip.InferTensorContents{UintContents: []uint32{1, 2, 300}}}}}
	for name, c := range map[string]struct {
		q    *oip.ModelInferRequest
		code codes.Code
		says string
	}{
		"no image":       {askFor([][]byte{[]byte("junk")}), codes.InvalidArgument, "image 0"},
		"no model":       {other, codes.NotFound, "none"},
		"no output":      {askFor(images[:1], "verdict"), codes.InvalidArgument, "verdict"},
		"no input":       {&oip.ModelInferRequest{ModelName: "parts"}, codes.InvalidArgument, "0 inputs"},
		"large shape":    {huge, codes.InvalidArgument, "shape"},
		"wide number":    {wide, codes.InvalidArgument, "300"},
		"too many":       {askFor([][]byte{images[0], images[1], images[2]}), codes.InvalidArgument, "3 images"},
		"fewer elements": {&oip.ModelInferRequest{ModelName: "parts", Inputs: []*oip.ModelInferRequest_InferInputTensor{{Name: "image", Datatype: "BYTES", Shape: []int64{1}}}}, codes.InvalidArgument, "0 elements"},
	} {
		_, err := client.ModelInfer(ctx, c.q)
		if status.Code(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.ModelInfer(ctx, askFor(images[:1])); err != nil {
		t.Errorf("after wrong calls: %v", err)
	}
}

// Calls bear the token, except those for health; a server that stops is not ready.
func TestTokenOverGRPC(t *testing.T) {
	s, _, images, _ := started(t, serve.Config{Token: "secret"})
	client, _, stop := calling(t, s)
	ctx := context.Background()
	if _, err := client.ModelInfer(ctx, askFor(images[:1])); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token: %v", err)
	}
	bearing := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer secret")
	if _, err := client.ModelInfer(bearing, askFor(images[:1])); err != nil {
		t.Error(err)
	}
	if r, err := client.ServerReady(ctx, &oip.ServerReadyRequest{}); err != nil || !r.Ready {
		t.Errorf("%v %v", r, err)
	}
	stop()
	if _, err := client.ServerLive(ctx, &oip.ServerLiveRequest{}); err == nil {
		t.Error("a stopped server answers")
	}
}
