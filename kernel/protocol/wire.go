package protocol

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sync"
)

// Delimiter is the frame between envelope and signature.
const Delimiter = "<IDS|MSG>"

// Why frames are not a message. Decode wraps one of them.
var (
	ErrFrames    = errors.New("not a Jupyter message")
	ErrSignature = errors.New("wrong signature")
	ErrReplayed  = errors.New("a message that came before")
	ErrJSON      = errors.New("malformed JSON")
)

// Codec turns messages into signed frames and back. Each signature is taken once: who has seen a message go by cannot send
// it again.
type Codec struct {
	hash func() hash.Hash
	key  []byte // empty: messages are neither signed nor checked

	mu   sync.Mutex
	seen map[string]bool // the last signatures, at most remembered of them
	ring []string        // the same, from next on the oldest first
	next int
}

// remembered is how many signatures are, of some 100 bytes each.
const remembered = 1 << 16

var schemes = map[string]func() hash.Hash{
	"hmac-sha1": sha1.New, "hmac-sha256": sha256.New, "hmac-sha384": sha512.New384, "hmac-sha512": sha512.New,
}

// NewCodec takes a signature scheme such as "hmac-sha256" (also meant by "") and the connection's key. An empty key
// switches signing off.
func NewCodec(scheme, key string) (*Codec, error) {
	if scheme == "" {
		scheme = "hmac-sha256"
	}
	h, ok := schemes[scheme]
	if !ok {
		return nil, fmt.Errorf("signature scheme %q is not supported: have hmac-sha1, -sha256, -sha384, -sha512", scheme)
	}
	return &Codec{hash: h, key: []byte(key), seen: map[string]bool{}}, nil
}

// replayed reports whether a right signature came before, and remembers it.
func (c *Codec) replayed(signature []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := string(signature)
	if c.seen[s] {
		return true
	}
	if c.seen[s] = true; len(c.ring) < remembered {
		c.ring = append(c.ring, s)
		return false
	}
	delete(c.seen, c.ring[c.next])
	c.ring[c.next] = s
	c.next = (c.next + 1) % remembered
	return false
}

func (c *Codec) sign(parts [][]byte) []byte {
	if len(c.key) == 0 {
		return nil
	}
	mac := hmac.New(c.hash, c.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

// Encode returns the frames of m: envelope, delimiter, signature, header, parent header, metadata, content, buffers.
func (c *Codec) Encode(m *Message) [][]byte {
	header, err := json.Marshal(m.Header)
	if err != nil {
		panic(err) // strings always encode
	}
	parts := [][]byte{header, object(m.Parent), object(m.Metadata), object(m.Content)}
	frames := slices.Concat(m.Envelope, [][]byte{[]byte(Delimiter), c.sign(parts)}, parts, m.Buffers)
	return frames
}

func object(j json.RawMessage) []byte {
	if len(j) == 0 {
		return []byte("{}")
	}
	return j
}

// Decode checks the signature, in constant time, and only then looks at the rest. Errors wrap ErrFrames, ErrSignature,
// ErrReplayed or ErrJSON.
func (c *Codec) Decode(frames [][]byte) (*Message, error) {
	at := slices.IndexFunc(frames, func(f []byte) bool { return string(f) == Delimiter })
	if at < 0 {
		return nil, fmt.Errorf("%w: no %s among %d frames", ErrFrames, Delimiter, len(frames))
	}
	rest := frames[at+1:]
	if len(rest) < 5 {
		return nil, fmt.Errorf("%w: %d frames after the delimiter, want at least 5", ErrFrames, len(rest))
	}
	parts := rest[1:5]
	if !hmac.Equal(rest[0], c.sign(parts)) && len(c.key) > 0 {
		return nil, ErrSignature
	}
	if len(c.key) > 0 && c.replayed(rest[0]) {
		return nil, ErrReplayed
	}
	m := &Message{
		Envelope: frames[:at], RawHeader: parts[0], Parent: parts[1], Metadata: parts[2], Content: parts[3],
		Buffers: rest[5:],
	}
	for i, name := range []string{"header", "parent header", "metadata", "content"} {
		if !isObject(parts[i]) {
			return nil, fmt.Errorf("%w: the %s is not an object", ErrJSON, name)
		}
	}
	if err := json.Unmarshal(m.RawHeader, &m.Header); err != nil {
		return nil, fmt.Errorf("%w: header: %v", ErrJSON, err)
	}
	if m.Header.Type == "" {
		return nil, fmt.Errorf("%w: header without msg_type", ErrJSON)
	}
	return m, nil
}

func isObject(j []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(j, " \t\r\n"), []byte("{")) && json.Valid(j)
}
