package protocol

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
)

func codec(t testing.TB, key string) *Codec {
	t.Helper()
	c, err := NewCodec("hmac-sha256", key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func example() *Message {
	return &Message{
		Envelope: [][]byte{[]byte("topic")},
		Header:   Header{ID: "1", Session: "s", Username: "u", Date: Date(time.Unix(0, 123456789)), Type: "comm_msg", Version: Version},
		Parent:   json.RawMessage(`{"msg_id":"0"}`),
		Content:  json.RawMessage(`{"text":"größer ∑"}`),
		Buffers:  [][]byte{{0, 1, 2}, {}},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, key := range []string{"", "secret"} {
		c := codec(t, key)
		want := example()
		got, err := c.Decode(c.Encode(want))
		if err != nil {
			t.Fatal(err)
		}
		if got.Header != want.Header || string(got.Metadata) != "{}" {
			t.Errorf("key %q: header %+v, metadata %s", key, got.Header, got.Metadata)
		}
		got.RawHeader, got.Metadata = nil, nil
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("key %q: %s", key, d)
		}
	}
}

// The signature of RFC 4231's second test case, spread over the four parts.
func TestSignatureIsHMACSHA256(t *testing.T) {
	c := codec(t, "Jefe")
	got := string(c.sign([][]byte{[]byte("what do ya "), []byte("want "), []byte("for "), []byte("nothing?")}))
	if want := "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestEverySignedPartCounts(t *testing.T) {
	c := codec(t, "secret")
	good := c.Encode(example())
	for i := 2; i <= 6; i++ { // signature, header, parent, metadata, content
		bad := slices.Clone(good)
		bad[i] = slices.Clone(bad[i])
		bad[i][len(bad[i])-1] ^= 1
		if _, err := c.Decode(bad); !errors.Is(err, ErrSignature) {
			t.Errorf("frame %d changed: %v", i, err)
		}
	}
	bad := slices.Clone(good)
	bad[2] = nil
	if _, err := c.Decode(bad); !errors.Is(err, ErrSignature) {
		t.Errorf("no signature: %v", err)
	}
}

func TestDecodeErrors(t *testing.T) {
	c := codec(t, "")
	frames := func(s ...string) (b [][]byte) {
		for _, f := range s {
			b = append(b, []byte(f))
		}
		return b
	}
	const h = `{"msg_type":"x"}`
	for _, tc := range []struct {
		frames [][]byte
		want   error
	}{
		{nil, ErrFrames},
		{frames("a", "b"), ErrFrames},
		{frames(Delimiter, "", h, "{}", "{}"), ErrFrames},
		{frames(Delimiter, "", "{", "{}", "{}", "{}"), ErrJSON},
		{frames(Delimiter, "", `{"msg_type":""}`, "{}", "{}", "{}"), ErrJSON},
		{frames(Delimiter, "", `{"msg_type":7}`, "{}", "{}", "{}"), ErrJSON},
		{frames(Delimiter, "", h, "[]", "{}", "{}"), ErrJSON},
		{frames(Delimiter, "", h, "{}", "null", "{}"), ErrJSON},
		{frames(Delimiter, "", h, "{}", "{}", `"code"`), ErrJSON},
		{frames(Delimiter, "", h, "{}", "{}", "\xff"), ErrJSON},
	} {
		if _, err := c.Decode(tc.frames); !errors.Is(err, tc.want) {
			t.Errorf("%q: %v, want %v", tc.frames, err, tc.want)
		}
	}
	if _, err := c.Decode(frames(Delimiter, "", h, "{}", "{}", " {} ", "buffer")); err != nil {
		t.Error(err)
	}
}

func TestUnknownScheme(t *testing.T) {
	if _, err := NewCodec("hmac-md4", ""); err == nil || !strings.Contains(err.Error(), "hmac-md4") {
		t.Error(err)
	}
}

// Who has seen a message cannot send it again, not even much later.
func TestReplay(t *testing.T) {
	c, client := codec(t, "a-key"), codec(t, "a-key")
	frames := func(k int) [][]byte {
		m := example()
		m.Header.ID = strconv.Itoa(k)
		return client.Encode(m)
	}
	first := frames(0)
	if _, err := c.Decode(first); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Decode(frames(0)); !errors.Is(err, ErrReplayed) {
		t.Errorf("the same message twice: %v", err)
	}
	first[0] = []byte("another peer")
	if _, err := c.Decode(first); !errors.Is(err, ErrReplayed) {
		t.Errorf("the same message from another peer: %v", err)
	}
	for k := range remembered + 10 {
		c.replayed([]byte(strconv.Itoa(k)))
	}
	if len(c.seen) != remembered || len(c.ring) != remembered || !c.seen["20"] || c.seen["0"] {
		t.Errorf("%d signatures are remembered", len(c.seen))
	}
	unsigned := codec(t, "")
	for range 2 {
		if _, err := unsigned.Decode(unsigned.Encode(example())); err != nil {
			t.Errorf("without a key: %v", err)
		}
	}
}

func TestMissingFieldsKeepDefaults(t *testing.T) {
	m := &Message{Content: json.RawMessage(`{"code":"1","unknown":[1],"stop_on_error":null}`)}
	v := struct {
		Code        string `json:"code"`
		StopOnError bool   `json:"stop_on_error"`
	}{StopOnError: true}
	if err := m.DecodeContent(&v); err != nil || v.Code != "1" || !v.StopOnError {
		t.Errorf("%+v, %v", v, err)
	}
}

func FuzzDecode(f *testing.F) {
	c := &Codec{hash: schemes["hmac-sha256"]}
	f.Add([]byte(Delimiter), []byte(`{"msg_type":"a"}`), []byte("{}"), []byte(`{"code":"\ud800"}`))
	f.Add([]byte("id"), []byte(`{}`), []byte("[]"), []byte{0xff})
	f.Fuzz(func(t *testing.T, a, header, parent, content []byte) {
		m, err := c.Decode([][]byte{a, []byte(Delimiter), nil, header, parent, []byte("{}"), content})
		if err != nil {
			return
		}
		again, err := c.Decode(c.Encode(m))
		if err != nil {
			t.Fatalf("decoded once but not twice: %v", err)
		}
		if again.Header != m.Header {
			t.Fatalf("%+v became %+v", m.Header, again.Header)
		}
	})
}

// jupyter_client's own Session signs what we accept and accepts what we sign.
func TestAgainstJupyterClient(t *testing.T) {
	python := jupyterenv.Python(t, "jupyter_client")
	c := codec(t, "a-key")
	ours, err := json.Marshal(c.Encode(example())[1:]) // [][]byte becomes base64 strings
	if err != nil {
		t.Fatal(err)
	}
	out := jupyterenv.Run(t, python, nil, "testdata/session_peer.py", "a-key", string(ours))
	var theirs [][]byte
	if err := json.Unmarshal([]byte(out), &theirs); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	m, err := c.Decode(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Type != "execute_request" || string(m.Buffers[0]) != "buffer" {
		t.Errorf("%+v, buffers %q", m.Header, m.Buffers)
	}
}
