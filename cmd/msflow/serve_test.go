package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/emptypb"
)

// certificate writes a certificate of this machine's own, and its key.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, about, about, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	put(t, cert, string(text))
	put(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return cert, key, pool
}

// The command serves over TLS to those who bear the token, says what the detector says, and ends in order.
func TestServe(t *testing.T) {
	run := smallRun(t, "--epochs", "1")
	cert, key, pool := certificate(t)
	token := filepath.Join(t.TempDir(), "token")
	put(t, token, "secret\n")
	cmd := exec.Command(os.Args[0], "serve", "parts="+run, "--listen", "127.0.0.1:0", "--grpc-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--token-file", token)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var urls []string
	for lines := bufio.NewScanner(log); len(urls) < 2 && lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "listening on "); ok {
			urls = append(urls, url)
		}
	}
	if len(urls) < 2 {
		t.Fatalf("it listens on %v", urls)
	}
	url := urls[0]
	isLive(t, strings.TrimPrefix(urls[1], "grpcs://"), pool)
	image := filepath.Join(t.TempDir(), "a.png")
	writeNoise(t, image, 5, 0)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for bearer, want := range map[string]int{"": 401, "Bearer secret": 200} {
		r, err := http.NewRequest("POST", url+"/predict", bytes.NewReader([]byte(readText(t, image))))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", bearer)
		w, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ Score float64 }
		err = json.NewDecoder(w.Body).Decode(&v)
		w.Body.Close()
		if w.StatusCode != want || err != nil {
			t.Errorf("Authorization %q gets %d, want %d (%v)", bearer, w.StatusCode, want, err)
		}
		if want == 200 {
			var report predictReport
			if err := json.Unmarshal([]byte(must(t, "predict", run, image, "--out", filepath.Join(t.TempDir(), "p"), "--maps=false", "--json")), &report); err != nil {
				t.Fatal(err)
			}
			if report.Images[0].Score != v.Score {
				t.Errorf("the service says %v, predict %v", v.Score, report.Images[0].Score)
			}
		}
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("a server that is stopped ends with %v", err)
	}
	refuse(t, []string{"--max-body"}, "serve", run, "--max-body", "0")
	refuse(t, []string{"--tls-cert"}, "serve", run, "--tls-cert", cert)
	refuse(t, []string{"two models"}, "serve", run, run)
	refuse(t, []string{"--token-file"}, "serve", run, "--token-file", filepath.Join(t.TempDir(), "none"))
	refuse(t, []string{"--listen"}, "serve", run, "--listen", "127.0.0.1:99999")
	refuse(t, []string{"--grpc-listen"}, "serve", run, "--listen", "127.0.0.1:0", "--grpc-listen", "127.0.0.1:99999")
}

// isLive asks a server over gRPC and TLS whether it is live.
func isLive(t *testing.T, address string, pool *x509.CertPool) {
	t.Helper()
	c, err := grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool})))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var live emptypb.Empty // its answer stays among the unknown fields
	if err := c.Invoke(t.Context(), "/inference.GRPCInferenceService/ServerLive", &emptypb.Empty{}, &live); err != nil {
		t.Fatal(err)
	}
	if got := live.ProtoReflect().GetUnknown(); !bytes.Equal(got, []byte{8, 1}) { // field 1 is true
		t.Errorf("ServerLive answers %v", got)
	}
}
