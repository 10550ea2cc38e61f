package transport

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Bits of a frame's first byte.
const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// chunk is the most that is allocated ahead of bytes that have really arrived, so that a header announcing 256 MiB costs
// its sender as much as us.
const chunk = 1 << 20

// appendFrame appends one frame to b: flags, size in 1 or 8 bytes, body.
func appendFrame(b []byte, flags byte, body []byte) []byte {
	if len(body) > 255 {
		b = append(b, flags|flagLong)
		b = binary.BigEndian.AppendUint64(b, uint64(len(body)))
	} else {
		b = append(b, flags, byte(len(body)))
	}
	return append(b, body...)
}

// wireMessage is the frames of one message as they go over the wire.
func wireMessage(frames [][]byte) []byte {
	n := 0
	for _, f := range frames {
		n += len(f) + 9
	}
	b := make([]byte, 0, n)
	for i, f := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags = flagMore
		}
		b = appendFrame(b, flags, f)
	}
	return b
}

// reader takes frames and messages from one peer within the limits.
type reader struct {
	r       *bufio.Reader
	limits  Limits
	pending *budget
	held    int64 // bytes taken from pending for the message being read
	onCmd   func(name string, body []byte) error
}

// message reads the next whole message. Commands met on the way go to onCmd. The caller owns the returned size of the
// pending budget and gives it back.
func (r *reader) message() (frames [][]byte, size int64, err error) {
	defer func() {
		if err != nil {
			r.pending.give(r.held)
		}
		r.held = 0
	}()
	for {
		flags, body, err := r.frame()
		if err != nil {
			return nil, 0, err
		}
		if flags&flagCommand != 0 {
			if err := r.command(body); err != nil {
				return nil, 0, err
			}
			continue
		}
		frames = append(frames, body)
		if flags&flagMore == 0 {
			return frames, r.held, nil
		}
		if len(frames) == r.limits.Frames {
			return nil, 0, errOversized
		}
	}
}

func (r *reader) command(body []byte) error {
	r.pending.give(int64(len(body)))
	r.held -= int64(len(body))
	name, rest, err := splitCommand(body)
	if err != nil || r.onCmd == nil {
		return err
	}
	return r.onCmd(name, rest)
}

func (r *reader) frame() (flags byte, body []byte, err error) {
	flags, err = r.r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	if flags&^(flagMore|flagLong|flagCommand) != 0 || flags&(flagMore|flagCommand) == flagMore|flagCommand {
		return 0, nil, fmt.Errorf("%w: flags %#02x", errMalformed, flags)
	}
	size, err := r.size(flags)
	if err != nil {
		return 0, nil, err
	}
	if size > uint64(r.limits.Message) || r.held+int64(size) > r.limits.Message {
		return 0, nil, errOversized
	}
	body, err = r.body(int(size))
	return flags, body, err
}

func (r *reader) size(flags byte) (uint64, error) {
	if flags&flagLong == 0 {
		n, err := r.r.ReadByte()
		return uint64(n), err
	}
	var b [8]byte
	_, err := io.ReadFull(r.r, b[:])
	return binary.BigEndian.Uint64(b[:]), err
}

func (r *reader) body(size int) ([]byte, error) {
	body := make([]byte, 0, min(size, chunk))
	for len(body) < size {
		n := min(size-len(body), max(chunk, len(body)))
		if err := r.pending.take(int64(n)); err != nil {
			return nil, err
		}
		r.held += int64(n)
		at := len(body)
		body = append(body, make([]byte, n)...)
		if _, err := io.ReadFull(r.r, body[at:]); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// splitCommand separates a command's name from its data.
func splitCommand(body []byte) (name string, rest []byte, err error) {
	if len(body) == 0 || body[0] == 0 || int(body[0]) >= len(body) {
		return "", nil, fmt.Errorf("%w: command without a name", errMalformed)
	}
	n := int(body[0])
	return string(body[1 : 1+n]), body[1+n:], nil
}
