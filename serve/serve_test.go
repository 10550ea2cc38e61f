package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image/png"
	"io"
	"math"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/region"
	"github.com/msflow-go/msflow/serve"
)

var parts = sync.OnceValues(func() (d *detector.Detector, err error) {
	data, err := datasets.Synthetic(datasets.Size(64), datasets.Counts(12, 2, 2), datasets.Seed(4))
	if err != nil {
		return nil, err
	}
	if d, err = detector.New(detector.Config{Model: "padim"}); err != nil {
		return nil, err
	}
	return d, d.Fit(context.Background(), data.Train)
})

// started is a server of one small model, and the pictures of its test.
func started(t *testing.T, c serve.Config) (s *serve.Server, url string, images [][]byte, want []detector.Prediction) {
	t.Helper()
	d, err := parts()
	if err != nil {
		t.Fatal(err)
	}
	data, err := datasets.Synthetic(datasets.Size(96), datasets.Counts(12, 2, 2), datasets.Seed(5))
	if err != nil {
		t.Fatal(err)
	}
	if want, err = d.Predict(context.Background(), data.Test); err != nil {
		t.Fatal(err)
	}
	for _, sample := range data.Test {
		im, _, err := sample.Load(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			t.Fatal(err)
		}
		images = append(images, b.Bytes())
	}
	model := serve.Model{Name: "parts", Detector: d, Threshold: 0.5, From: "the test", Regions: &region.Thresholds{Low: 0.3, High: 0.4}}
	if s, err = serve.New([]serve.Model{model}, c); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() { h.Close(); s.Close() })
	return s, h.URL, images, want
}

func post(t *testing.T, url string, body []byte, header ...string) (status int, answer []byte, head http.Header) {
	t.Helper()
	r, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if answer, err = io.ReadAll(w.Body); err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, answer, w.Header
}

// The service says of an image what the detector says of it, with defects in the image's pixels.
func TestPredict(t *testing.T) {
	_, url, images, want := started(t, serve.Config{})
	for i, image := range images {
		var form bytes.Buffer
		f := multipart.NewWriter(&form)
		field, _ := f.CreateFormFile("image", "a.png")
		_, _ = field.Write(image)
		f.Close()
		for _, r := range [][]string{{string(image)}, {form.String(), "Content-Type", f.FormDataContentType()}} {
			status, body, _ := post(t, url+"/predict?mask=1", []byte(r[0]), r[1:]...)
			var v serve.Verdict
			if err := json.Unmarshal(body, &v); err != nil || status != 200 {
				t.Fatalf("status %d: %s %v", status, body, err)
			}
			if math.Abs(v.Score-want[i].Score) > 1e-6 || v.Width != 96 || v.Height != 96 || (v.Verdict == "anomalous") != (v.Score >= 0.5) || v.Regions == nil {
				t.Errorf("image %d: %+v, the detector says %v", i, v, want[i].Score)
			}
			checkMask(t, v)
		}
	}
}

func checkMask(t *testing.T, v serve.Verdict) {
	t.Helper()
	mask, err := png.Decode(bytes.NewReader(v.Mask))
	if err != nil {
		t.Fatal(err)
	}
	white, area := 0, 0
	for y := range 96 {
		for x := range 96 {
			if r, _, _, _ := mask.At(x, y).RGBA(); r > 0 {
				white++
			}
		}
	}
	for _, r := range v.Regions {
		area += r.Area
	}
	if white != area || mask.Bounds().Dx() != 96 {
		t.Errorf("the mask has %d pixels, the regions %d", white, area)
	}
}

// The protocol's forms of one request get one answer: files or pixels, in the object or behind it.
func TestInferForms(t *testing.T) {
	_, url, images, want := started(t, serve.Config{})
	infer := url + "/v2/models/parts/infer"
	var files, lengths bytes.Buffer
	var texts []string
	for _, image := range images {
		_ = binary.Write(&files, binary.LittleEndian, uint32(len(image)))
		files.Write(image)
		texts = append(texts, base64.StdEncoding.EncodeToString(image))
	}
	object := fmt.Sprintf(`{"id":"7","inputs":[{"name":"image","datatype":"BYTES","shape":[4],"parameters":{"binary_data_size":%d}}],"parameters":{"binary_data_output":true}}`, files.Len())
	lengths.WriteString(object)
	lengths.Write(files.Bytes())
	status, body, head := post(t, infer, lengths.Bytes(), "Inference-Header-Content-Length", strconv.Itoa(len(object)))
	n, _ := strconv.Atoi(head.Get("Inference-Header-Content-Length"))
	if status != 200 || n == 0 {
		t.Fatalf("status %d: %.200s", status, body)
	}
	first := binary.LittleEndian.Uint32(body[n:])
	if got := float64(math.Float32frombits(first)); math.Abs(got-want[0].Score) > 1e-5 {
		t.Errorf("the first score behind the object is %v, want %v", got, want[0].Score)
	}
	if size := len(body) - n; size < 4*(4+4+64*64*4) {
		t.Errorf("%d bytes behind the object", size)
	}
	data, _ := json.Marshal(texts)
	object = fmt.Sprintf(`{"inputs":[{"name":"image","datatype":"BYTES","shape":[4,1],"data":%s}]}`, data)
	checkJSON(t, infer, object, want)
	checkJSON(t, url+"/v2/models/parts/versions/1/infer", object, want)
}

func checkJSON(t *testing.T, url, object string, want []detector.Prediction) {
	t.Helper()
	status, body, _ := post(t, url, []byte(object))
	var answer struct {
		Model   string `json:"model_name"`
		Outputs []struct {
			Name     string
			Datatype string
			Shape    []int
			Data     []any
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != 200 || len(answer.Outputs) != 6 {
		t.Fatalf("status %d: %.300s %v", status, body, err)
	}
	for _, out := range answer.Outputs {
		n := 1
		for _, s := range out.Shape {
			n *= s
		}
		if n != len(out.Data) || out.Shape[0] != len(want) {
			t.Errorf("%s has the shape %v and %d values", out.Name, out.Shape, len(out.Data))
		}
		for i, p := range want {
			if out.Name == "score" && math.Abs(out.Data[i].(float64)-p.Score) > 1e-5 || out.Name == "anomalous" && out.Data[i] != (p.Score >= 0.5) {
				t.Errorf("image %d: %s %v, the detector says %v", i, out.Name, out.Data[i], p.Score)
			}
		}
	}
}

// enormous is a PNG whose header claims 60000×60000 pixels, more than this program ever reads.
func enormous(picture []byte) string {
	b := bytes.Clone(picture)
	binary.BigEndian.PutUint32(b[16:], 60_000)
	binary.BigEndian.PutUint32(b[20:], 60_000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return string(b)
}

// Bad requests are the client's mistake, each with its status and a sentence, and never end the server.
func TestBadRequests(t *testing.T) {
	_, url, images, _ := started(t, serve.Config{MaxBody: 200_000, MaxPixels: 96 * 96, Queue: 5})
	var large bytes.Buffer
	if err := png.Encode(&large, &datasets.Mask{W: 97, H: 96, Pix: make([]uint8, 97*96)}); err != nil {
		t.Fatal(err)
	}
	tensor := func(rest string) string { return `{"inputs":[{"name":"image",` + rest + `}]}` }
	for _, c := range []struct {
		path, body string
		status     int
		words      string
	}{
		{"/predict", "junk", 400, "image"},
		{"/predict", "", 400, "empty"},
		{"/predict", string(images[0][:len(images[0])/2]), 400, ""},
		{"/predict", large.String(), 413, "more pixels"},
		{"/predict", enormous(large.Bytes()), 413, "60000×60000"},
		{"/predict", strings.Repeat("x", 200_001), 413, "200000 bytes"},
		{"/predict?model=none", string(images[0]), 404, "none"},
		{"/predict?threshold=0.5", string(images[0]), 400, `\"threshold\"`},
		{"/predict?mask=yes", string(images[0]), 400, "mask=yes"},
		{"/v2/models/none/infer", "{}", 404, "none"},
		{"/v2/models/parts/versions/2/infer", "{}", 404, "version"},
		{"/v2/models/parts/infer", "{", 400, "request"},
		{"/v2/models/parts/infer", "{}", 400, "0 inputs"},
		{"/v2/models/parts/infer", tensor(`"datatype":"FP32","shape":[1],"data":[1]`), 400, "FP32"},
		{"/v2/models/parts/infer", tensor(`"datatype":"BYTES","shape":[-1],"data":[]`), 400, "no image"},
		{"/v2/models/parts/infer", tensor(`"datatype":"BYTES","shape":[2],"data":["AAAA"]`), 400, "1 elements"},
		{"/v2/models/parts/infer", tensor(`"datatype":"BYTES","shape":[6],"data":["AAAA"]`), 400, "takes 5"},
		{"/v2/models/parts/infer", tensor(`"datatype":"BYTES","shape":[1],"data":["AAAA"]`), 400, "image 0"},
		{"/v2/models/parts/infer", tensor(`"datatype":"UINT8","shape":[1,1,3],"data":[[[1,2,256]]]`), 400, "no UINT8"},
		{"/v2/models/parts/infer", tensor(`"datatype":"UINT8","shape":[2,2,3],"data":[1]`), 400, "1 values"},
		{"/v2/models/parts/infer", tensor(`"datatype":"UINT8","shape":[4000000000,4000000000,3],"data":[1]`), 413, "takes"},
		{"/v2/models/parts/infer", tensor(`"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":9}`), 400, "9 bytes"},
	} {
		status, body, _ := post(t, url+c.path, []byte(c.body))
		if status != c.status || !strings.Contains(string(body), c.words) || !strings.Contains(string(body), `"error"`) {
			t.Errorf("%s %.60q: status %d, %s; want %d with %q", c.path, c.body, status, body, c.status, c.words)
		}
	}
	if status, _, _ := post(t, url+"/predict", images[0]); status != 200 {
		t.Errorf("after all this a sound image gets %d", status)
	}
}

// Many clients at once: every request is answered, with its own image's score or, where there is no room, with 429.
func TestManyClients(t *testing.T) {
	_, url, images, want := started(t, serve.Config{Queue: 6})
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for client := range 20 {
		wait.Go(func() {
			for k := range 8 {
				i := (client + k) % len(images)
				status, body, head := post(t, url+"/predict", images[i])
				var v serve.Verdict
				_ = json.Unmarshal(body, &v)
				if status == 200 && math.Abs(v.Score-want[i].Score) > 1e-6 || status == 429 && head.Get("Retry-After") == "" {
					t.Errorf("image %d: status %d, score %v, want %v", i, status, v.Score, want[i].Score)
				}
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if statuses[200] == 0 || statuses[429] == 0 || statuses[200]+statuses[429] != 160 {
		t.Errorf("statuses %v", statuses)
	}
	w, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, _ := io.ReadAll(w.Body)
	for _, line := range []string{
		fmt.Sprintf(`msflow_requests_total{route="/predict",status="200"} %d`, statuses[200]),
		fmt.Sprintf(`msflow_requests_total{route="/predict",status="429"} %d`, statuses[429]), "msflow_images_under_way 0", "msflow_batch_images_count",
	} {
		if !strings.Contains(string(text), line) {
			t.Errorf("/metrics has no %q", line)
		}
	}
}

func TestToken(t *testing.T) {
	_, url, images, _ := started(t, serve.Config{Token: "secret"})
	for header, want := range map[string]int{"": 401, "Bearer wrong": 401, "secret": 401, "Bearer secret": 200} {
		if status, _, _ := post(t, url+"/predict", images[0], "Authorization", header); status != want {
			t.Errorf("Authorization %q gets %d, want %d", header, status, want)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"} {
		if w, err := http.Get(url + path); err != nil || w.StatusCode != 200 {
			t.Errorf("%s without a token: %v, %v", path, w, err)
		}
	}
}

// A server that is stopped answers what is under way, and then nothing more.
func TestGracefulStop(t *testing.T) {
	s, _, images, _ := started(t, serve.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(images[0]))
	answer := bufio.NewReader(c)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100") { // the server reads the body now
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = answer.ReadString('\n')
	cancel()
	for { // until it takes no more connections
		other, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		other.Close()
	}
	_, _ = c.Write(images[0])
	w, err := http.ReadResponse(answer, nil)
	if err != nil || w.StatusCode != 200 {
		t.Errorf("the request under way gets %v, %v", w, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// FuzzInfer: no body makes a server's own mistake of the client's.
func FuzzInfer(f *testing.F) {
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":8}}]}\x04\x00\x00\x00junk`), "93")
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,3],"data":[[[1,2,3]]]}],"outputs":[{"name":"score"}]}`), "")
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"UINT8","shape":[2,-1,-1,3],"data":[0]}]}`), "")
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,0,4,3],"data":[]}]}`), "")
	d, err := parts()
	if err != nil {
		f.Fatal(err)
	}
	s, err := serve.New([]serve.Model{{Name: "parts", Detector: d}}, serve.Config{MaxPixels: 1000})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, body []byte, length string) {
		r := httptest.NewRequest("POST", "/v2/models/parts/infer", bytes.NewReader(body))
		if length != "" {
			r.Header.Set("Inference-Header-Content-Length", length)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}
