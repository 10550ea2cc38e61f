package track

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/png"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// tensorBoard writes an event file: records of TensorFlow (tensorflow/core/lib/io/record_writer.h) with messages Event
// (tensorflow/core/util/event.proto). A record is on the file when its method returns.
type tensorBoard struct {
	run  Run
	dir  string
	file *os.File
	last int // epoch
}

// Numbers of fields in event.proto, summary.proto, tensor.proto and tensor_shape.proto.
const (
	eventTime, eventStep, eventVersion, eventSummary, eventSession = 1, 2, 3, 5, 7

	summaryValue                                                = 1
	valueTag, valueNumber, valueImage, valueTensor, valueDetail = 1, 2, 4, 8, 9
	imageHeight, imageWidth, imageChannels, imageContent        = 1, 2, 3, 4
	detailPlugin, pluginName                                    = 1, 1
	tensorType, tensorShape, tensorStrings                      = 1, 2, 8
	shapeDim, dimSize                                           = 2, 1
	sessionStatus                                               = 1
)

const (
	sessionStart = 1 // a reader forgets what it has of this step and later ones
	typeString   = 7
	channels     = 4 // RGBA
)

func (b *tensorBoard) start(epoch int) error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	name := fmt.Sprintf("events.out.tfevents.%d.msflow.%d", time.Now().UnixNano(), os.Getpid())
	var err error
	if b.file, err = os.OpenFile(filepath.Join(b.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644); err != nil {
		return err
	}
	if err := b.event(time.Now(), 0, eventVersion, []byte("brain.Event:2")); err != nil {
		return err
	}
	if err := b.event(time.Now(), epoch, eventSession, number(nil, sessionStatus, sessionStart)); err != nil {
		return err
	}
	return b.summary(time.Now(), epoch, text("settings", b.settings()))
}

// settings is a table in Markdown.
func (b *tensorBoard) settings() string {
	var s strings.Builder
	fmt.Fprintf(&s, "run %s on %s\n\n|setting|value|\n|---|---|\n", b.run.ID, b.run.Data)
	for _, k := range slices.Sorted(maps.Keys(b.run.Settings)) {
		fmt.Fprintf(&s, "|%s|%s|\n", k, strings.ReplaceAll(b.run.Settings[k], "|", `\|`))
	}
	return s.String()
}

func (b *tensorBoard) metrics(epoch int, at time.Time, values map[string]float64) error {
	b.last = epoch
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := message(nil, valueTag, []byte(name))
		v = protowire.AppendTag(v, valueNumber, protowire.Fixed32Type)
		v = protowire.AppendFixed32(v, math.Float32bits(float32(values[name])))
		all = message(all, summaryValue, v)
	}
	return b.summary(at, epoch, all)
}

func (b *tensorBoard) figure(name string, picture []byte) error {
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return err
	}
	image := number(number(number(nil, imageHeight, size.Height), imageWidth, size.Width), imageChannels, channels)
	image = message(image, imageContent, picture)
	return b.summary(time.Now(), b.last, message(nil, summaryValue, message(message(nil, valueTag, []byte(name)), valueImage, image)))
}

func (b *tensorBoard) end(bool) error {
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}

// text is a summary with a text.
func text(tag, s string) []byte {
	shape := message(nil, shapeDim, number(nil, dimSize, 1))
	tensor := message(message(number(nil, tensorType, typeString), tensorShape, shape), tensorStrings, []byte(s))
	v := message(message(nil, valueTag, []byte(tag)), valueTensor, tensor)
	return message(nil, summaryValue, message(v, valueDetail, message(nil, detailPlugin, message(nil, pluginName, []byte("text")))))
}

func (b *tensorBoard) summary(at time.Time, step int, values []byte) error {
	return b.event(at, step, eventSummary, values)
}

// event writes an event with one field besides its time and step.
func (b *tensorBoard) event(at time.Time, step int, field protowire.Number, content []byte) error {
	e := protowire.AppendTag(nil, eventTime, protowire.Fixed64Type)
	e = protowire.AppendFixed64(e, math.Float64bits(float64(at.UnixMicro())/1e6))
	return b.record(message(number(e, eventStep, step), field, content))
}

// record writes length, its checksum, the content and its checksum.
func (b *tensorBoard) record(content []byte) error {
	if b.file == nil {
		return os.ErrClosed
	}
	r := binary.LittleEndian.AppendUint64(nil, uint64(len(content)))
	r = binary.LittleEndian.AppendUint32(r, maskedSum(r))
	r = append(r, content...)
	_, err := b.file.Write(binary.LittleEndian.AppendUint32(r, maskedSum(content)))
	return err
}

// maskedSum is the CRC-32C of b, turned and shifted: a checksum of data that hold their own checksums would be weak.
func maskedSum(b []byte) uint32 {
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (sum>>15 | sum<<17) + 0xa282ead8
}

func number(b []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func message(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}
