package weights

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

// zipEntry is stored as it is unless deflate is set.
type zipEntry struct {
	name, content string
	deflate       bool
}

func zipFile(t *testing.T, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Store}
		if e.deflate {
			h.Method = zip.Deflate
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(e.content))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZipArchives(t *testing.T) {
	value := "}" + str("w") + viewOf(storageOf("7", int4(2)), "K\x00", "K\x02\x85", "K\x01\x85") + "s"
	pickle := zipEntry{name: "net/data.pkl", content: proto2 + value + "."}
	data := zipEntry{name: "net/data/7", content: "\x00\x00\x80\x3f\x00\x00\x00\x40"}
	little, big := zipEntry{name: "net/byteorder", content: "little"}, zipEntry{name: "net/byteorder", content: "big"}
	short, long := data, data
	short.content, long.content = data.content[:4], data.content+"more"
	bomb := zipEntry{name: "net/data/7", content: strings.Repeat("\x00", 1<<20), deflate: true}
	for name, c := range map[string]struct {
		entries []zipEntry
		words   string
	}{
		"good":        {[]zipEntry{pickle, data}, ""},
		"good little": {[]zipEntry{pickle, little, data}, ""},
		"big":         {[]zipEntry{pickle, big, data}, "byte order"},
		"no data":     {[]zipEntry{pickle}, "data/7|missing"},
		"no pickle":   {[]zipEntry{data}, "data.pkl"},
		"short":       {[]zipEntry{pickle, short}, "tensor w|storage 7|4 bytes"},
		"long":        {[]zipEntry{pickle, long}, "tensor w|storage 7|12 bytes"},
		"twice":       {[]zipEntry{pickle, data, data}, "two entries|net/data/7"},
		"compressed":  {[]zipEntry{pickle, bomb}, "data/7|compressed"},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := parseTree("net.pth", zipFile(t, c.entries...))
			if c.words != "" {
				wantWords(t, err, append(strings.Split(c.words, "|"), "net.pth")...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w, _ := tree.(*Dict).Get("w")
			if got := w.(Tensor).Data; len(got) != 2 || got[0] != 1 || got[1] != 2 {
				t.Errorf("w is %v", got)
			}
		})
	}
}
