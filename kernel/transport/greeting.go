package transport

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

const greetingSize = 64

// greeting is what each side sends first: signature, version 3.1, mechanism NULL, not as-server, filler.
func greeting() []byte {
	g := make([]byte, greetingSize)
	g[0], g[9], g[10], g[11] = 0xff, 0x7f, 3, 1
	copy(g[12:], "NULL")
	return g
}

// checkGreeting refuses peers older than ZMTP 3.0 and other mechanisms. It reads the signature alone first: an HTTP
// request or a port scanner is recognised by its first bytes.
func checkGreeting(r io.Reader) error {
	var g [greetingSize]byte
	if _, err := io.ReadFull(r, g[:11]); err != nil {
		return fmt.Errorf("reading the greeting: %w", err)
	}
	if g[0] != 0xff || g[9] != 0x7f {
		return fmt.Errorf("%w: not a ZMTP greeting", errMalformed)
	}
	if g[10] < 3 {
		return fmt.Errorf("%w: ZMTP version %d, need 3", errMalformed, g[10])
	}
	if _, err := io.ReadFull(r, g[11:]); err != nil {
		return fmt.Errorf("reading the greeting: %w", err)
	}
	if mech := string(bytes.TrimRight(g[12:32], "\x00")); mech != "NULL" {
		return fmt.Errorf("%w: mechanism %q, need NULL", errMalformed, mech)
	}
	return nil
}

// peers that may talk to each of our socket types.
var partners = map[string][]string{
	"ROUTER": {"REQ", "DEALER", "ROUTER"},
	"XPUB":   {"SUB", "XSUB"},
	"REP":    {"REQ", "DEALER"},
}

// handshake does the NULL mechanism on a fresh connection and returns the identity the peer asked for, which may be empty.
func handshake(c net.Conn, r *reader, kind string) (identity string, err error) {
	if _, err := c.Write(greeting()); err != nil {
		return "", err
	}
	if err := checkGreeting(r.r); err != nil {
		return "", err
	}
	if _, err := c.Write(readyCommand(kind)); err != nil {
		return "", err
	}
	flags, body, err := readReady(r)
	if err != nil {
		return "", err
	}
	if flags&flagCommand == 0 {
		return "", fmt.Errorf("%w: message before READY", errMalformed)
	}
	props, err := parseReady(body)
	if err != nil {
		return "", err
	}
	if !slices.Contains(partners[kind], props["socket-type"]) {
		return "", fmt.Errorf("%w: a %q peer on a %s socket", errMalformed, props["socket-type"], kind)
	}
	id := props["identity"]
	if len(id) > 255 || strings.HasPrefix(id, "\x00") {
		return "", fmt.Errorf("%w: identity", errMalformed)
	}
	return id, nil
}

// maxReady is far above what any peer's properties need.
const maxReady = 4096

func readReady(r *reader) (flags byte, body []byte, err error) {
	whole := r.limits.Message
	r.limits.Message = maxReady
	flags, body, err = r.frame()
	r.limits.Message = whole
	r.pending.give(r.held)
	r.held = 0
	return flags, body, err
}

func readyCommand(kind string) []byte {
	body := []byte("\x05READY")
	body = appendProperty(body, "Socket-Type", kind)
	body = appendProperty(body, "Identity", "")
	return appendFrame(nil, flagCommand, body)
}

func appendProperty(b []byte, name, value string) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// parseReady returns a READY command's properties, names in lower case.
func parseReady(body []byte) (map[string]string, error) {
	name, rest, err := splitCommand(body)
	if err != nil {
		return nil, err
	}
	if name != "READY" {
		return nil, fmt.Errorf("%w: %q instead of READY", errMalformed, name)
	}
	props := map[string]string{}
	for len(rest) > 0 {
		n := int(rest[0])
		if n == 0 || len(rest) < 1+n+4 {
			return nil, fmt.Errorf("%w: READY property", errMalformed)
		}
		key := strings.ToLower(string(rest[1 : 1+n]))
		size := binary.BigEndian.Uint32(rest[1+n:])
		rest = rest[1+n+4:]
		if uint64(size) > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: READY property %q", errMalformed, key)
		}
		props[key] = string(rest[:size])
		rest = rest[size:]
	}
	return props, nil
}
