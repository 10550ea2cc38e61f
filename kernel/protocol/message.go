// Package protocol encodes, signs and decodes the messages of the Jupyter protocol, version 5.5, and reads connection
// files.
package protocol

import (
	"encoding/json"
	"time"
)

// Version is the protocol version spoken.
const Version = "5.5"

// Header says what a message is and who sent it.
type Header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Type     string `json:"msg_type"`
	Version  string `json:"version"`
}

// Message is one message in either direction.
type Message struct {
	// Envelope is the frames before the delimiter: the topic on iopub, routing frames of proxies elsewhere.
	Envelope [][]byte
	Header   Header
	// RawHeader is the header as received, with fields we do not know: replies return it as their parent. Encode ignores
	// it.
	RawHeader json.RawMessage
	Parent    json.RawMessage // a JSON object; nil stands for {}
	Metadata  json.RawMessage // a JSON object; nil stands for {}
	Content   json.RawMessage // a JSON object; nil stands for {}
	Buffers   [][]byte
}

// Date is t as headers write it.
func Date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// DecodeContent fills v, a pointer to a struct, from the content. Fields that are missing or null keep the value they have
// in v: their defaults.
func (m *Message) DecodeContent(v any) error {
	if len(m.Content) == 0 {
		return nil
	}
	return json.Unmarshal(m.Content, v)
}
