package weights

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// allTestFiles lists every weights file of testdata.
func allTestFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, pattern := range []string{"*.pth", "*.pt", "*.safetensors"} {
		paths, _ := filepath.Glob(filepath.Join("testdata", pattern))
		for _, p := range paths {
			data, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(p)] = data
		}
	}
	if len(files) < 10 {
		t.Fatalf("only %d files in testdata", len(files))
	}
	return files
}

// allocated is how many bytes fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A cut file always fails, and says which file it is.
func TestCutFiles(t *testing.T) {
	for name, data := range allTestFiles(t) {
		for n := range data {
			_, err := parseTree(name, data[:n])
			if err == nil {
				t.Fatalf("%s cut to %d of %d bytes was read", name, n, len(data))
			}
			if !strings.Contains(err.Error(), name) {
				t.Fatalf("%q does not name %s", err, name)
			}
		}
	}
}

// A changed byte may give other numbers where the format has no checksum, but never a panic or a large allocation.
func TestFlippedBytes(t *testing.T) {
	for name, data := range allTestFiles(t) {
		work := bytes.Clone(data)
		for lo := 0; lo < len(work); lo += 64 {
			n := allocated(func() { flipEach(name, work, lo, min(lo+64, len(work))) })
			if n > 32<<20 {
				t.Fatalf("%s with one of bytes %d… changed allocates %d bytes", name, lo, n)
			}
		}
	}
}

func flipEach(name string, work []byte, lo, hi int) {
	masks := [...]byte{0x01, 0x80, 0xff}
	for i := lo; i < hi; i++ {
		mask := masks[i%len(masks)]
		work[i] ^= mask
		parseTree(name, work)
		work[i] ^= mask
	}
}

// In a zip every tensor's bytes are under a checksum.
func TestZipChecksum(t *testing.T) {
	data := allTestFiles(t)["module.pth"]
	d, err := Load("testdata/module.pth")
	if err != nil {
		t.Fatal(err)
	}
	w, _ := d.Get("0.weight")
	var raw []byte
	f32, _ := dtypeOf("F32")
	raw = make([]byte, 4*len(w.Data))
	f32.encode(raw, w)
	at := bytes.Index(data, raw)
	if at < 0 {
		t.Fatal("the weight's bytes are not in the file")
	}
	data[at+5] ^= 1
	_, err = parseTree("module.pth", data)
	wantWords(t, err, "module.pth", "damaged", "data/")
}

// Wherever a byte of a zip changes, what is read is an error or the same tensors.
func TestFlippedZipGivesNoOtherNumbers(t *testing.T) {
	zips := 0
	for name, data := range allTestFiles(t) {
		want, err := parseTree(name, data)
		if err != nil || !bytes.HasPrefix(data, []byte("PK")) {
			continue
		}
		zips++
		for i := range data {
			work := bytes.Clone(data)
			work[i] ^= byte(1 + i%255)
			if got, err := parseTree(name, work); err == nil && !reflect.DeepEqual(got, want) {
				t.Errorf("%s: byte %d changed gives other tensors and no error", name, i)
			}
		}
	}
	if zips < 3 {
		t.Fatalf("only %d zip files in testdata", zips)
	}
}

// Pieces of pickles.
func str(s string) string { return "X" + string(le.AppendUint32(nil, uint32(len(s)))) + s }

func int4(n uint32) string { return "J" + string(le.AppendUint32(nil, n)) }

func long8(n uint64) string { return "\x8a\x08" + string(le.AppendUint64(nil, n)) }

const (
	proto2  = "\x80\x02"
	rebuild = "ctorch._utils\n_rebuild_tensor_v2\n"
)

// storageOf refers to a storage of n floats in the file.
func storageOf(key string, n string) string {
	return "(" + str("storage") + "ctorch\nFloatStorage\n" + str(key) + str("cpu") + n + "tQ"
}

// viewOf is a tensor; offset, size and stride are pickles.
func viewOf(storage, offset, size, stride string) string {
	return rebuild + "(" + storage + offset + size + stride + "\x89)tR"
}

// legacyFile wraps the pickle of a value and raw storages into a whole file.
func legacyFile(value string, keys []string, storages ...string) []byte {
	f := proto2 + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + proto2 + "M\xe9\x03." + proto2 + "}." +
		proto2 + value + "." + proto2 + "]("
	for _, k := range keys {
		f += str(k)
	}
	return []byte(f + "e." + strings.Join(storages, ""))
}

func floats(n int) string {
	return string(le.AppendUint64(nil, uint64(n))) + strings.Repeat("\x00", 4*n)
}

func TestHostilePickles(t *testing.T) {
	good := storageOf("7", int4(6))
	inDict := func(v string) string { return "}" + str("w") + v + "s" }
	view := func(offset, size, stride string) string { return inDict(viewOf(good, offset, size, stride)) }
	deep := strings.Repeat("]", 3000) + strings.Repeat("a", 2999)
	wide := "]q\x00" + "K\x01a" // then [x,x] of the last one, again and again: 2⁴⁰ leaves
	for range 40 {
		wide += "](h\x00h\x00eq\x00"
	}
	for name, c := range map[string]struct{ value, words string }{
		"good":                 {view("K\x00", "K\x06\x85", "K\x01\x85"), ""},
		"too far":              {view("K\x01", "K\x06\x85", "K\x01\x85"), "tensor w|[6]|past"},
		"strides too far":      {view("K\x00", "K\x02K\x03\x86", "K\x04K\x01\x86"), "tensor w|past"},
		"negative offset":      {view(int4(1<<32-1), "K\x01\x85", "K\x01\x85"), "tensor w"},
		"negative size":        {view("K\x00", int4(1<<32-1)+"\x85", "K\x01\x85"), "tensor w"},
		"negative stride":      {view("K\x05", "K\x02\x85", int4(1<<32-1)+"\x85"), "tensor w"},
		"overflowing size":     {view("K\x00", long8(1<<62)+long8(4)+"\x86", "K\x00K\x00\x86"), "tensor w"},
		"overflowing stride":   {view("K\x00", "K\x03\x85", long8(1<<62)+"\x85"), "tensor w"},
		"expanded to 2^39":     {view("K\x00", long8(1<<39)+"\x85", "K\x00\x85"), "tensor w|more elements"},
		"ranks differ":         {view("K\x00", "K\x01\x85", ")"), "_rebuild_tensor_v2"},
		"size is a list":       {view("K\x00", "]", "]"), "_rebuild_tensor_v2"},
		"no storage":           {inDict(rebuild + "(K\x01K\x00))\x89)tR"), "_rebuild_tensor_v2"},
		"few arguments":        {inDict(rebuild + ")R"), "0 arguments"},
		"storage too large":    {inDict(viewOf(storageOf("7", long8(1<<40)), "K\x00", ")", ")")), "storage 7|1099511627776"},
		"storage negative":     {inDict(viewOf(storageOf("7", int4(1<<32-1)), "K\x00", ")", ")")), "storage 7|-1"},
		"bare storage":         {inDict(good), "w"},
		"bare class":           {inDict("ctorch\nFloatStorage\n"), "w"},
		"unknown storage":      {inDict("(" + str("storage") + "ctorch\nComplexFloatStorage\n"), "torch.ComplexFloatStorage"},
		"os.system":            {"cos\nsystem\n" + str("true") + "\x85R", "os.system"},
		"builtins.eval":        {str("builtins") + str("eval") + "\x93", "builtins.eval"},
		"instance":             {"(ios\nsystem\n", "0x69"},
		"new object":           {"ccollections\nOrderedDict\n)\x81", "0x81"},
		"extension":            {"\x82\x01", "0x82"},
		"byte 0xff":            {"\xff", "0xff"},
		"text integer":         {"I42\n", "0x49"},
		"empty LONG1":          {"\x8a\x00", "no tensors"},
		"huge string":          {"X\xff\xff\xff\xff", "middle"},
		"huge string 8":        {"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "middle"},
		"huge long":            {"\x8b\xff\xff\xff\x7f", "middle"},
		"odd dict":             {"(K\x01d", "no value"},
		"odd items":            {"}(K\x01u", "no value"},
		"unhashable key":       {"}" + "]" + "K\x01s", "dict's key"},
		"append to dict":       {"}K\x01a", "no list"},
		"set in list":          {"]K\x01K\x01s", "no dict"},
		"append to nothing":    {"K\x01a", "empty"},
		"call a number":        {"K\x01)R", "no function"},
		"call with a list":     {"ccollections\nOrderedDict\n]R", "no function"},
		"attributes of a list": {"]}b", "no dict"},
		"mark is missing":      {"t", "no mark"},
		"pop below the mark":   {"K\x01(0", "empty"},
		"empty memo":           {"h\x05", "memo 5"},
		"protocol 9":           {"\x80\x09", "protocol 9"},
		"odd pairs":            {"ccollections\nOrderedDict\n](](K\x01ee\x85R", "not pairs"},
		"contains itself":      {"]q\x00h\x00a", "64 levels"},
		"dict holds itself":    {"}q\x00" + str("k") + "h\x00s", "k.k.k"},
		"deep":                 {deep, "64 levels"},
		"wide":                 {wide, "1048576 values"},
	} {
		t.Run(name, func(t *testing.T) {
			data := legacyFile(c.value, nil)
			if strings.Contains(c.value, good) {
				data = legacyFile(c.value, []string{"7"}, floats(6))
			}
			var err error
			n := allocated(func() {
				var tree any
				if tree, err = parseTree("bad.pth", data); err == nil {
					_, err = flatten("bad.pth", tree)
				}
			})
			if name == "good" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantWords(t, err, append(strings.Split(c.words, "|"), "bad.pth")...)
			if limit := uint64(1 << 20); n > limit && name != "wide" {
				t.Errorf("%d bytes were allocated", n)
			}
		})
	}
}

func TestHostileLegacyStorages(t *testing.T) {
	value := "}" + str("w") + viewOf(storageOf("7", int4(6)), "K\x00", "K\x06\x85", "K\x01\x85") + "s"
	for name, c := range map[string]struct {
		data  []byte
		words string
	}{
		"missing":     {legacyFile(value, nil), "storage 7|no data"},
		"cut":         {legacyFile(value, []string{"7"}, floats(6)[:20]), "storage 7|24 bytes|12 are left"},
		"other count": {legacyFile(value, []string{"7"}, floats(7)), "storage 7|7 elements"},
		"unknown":     {legacyFile(value, []string{"8"}, floats(6)), `"8"`},
		"rest":        {legacyFile(value, []string{"7"}, floats(6), "rest"), "4 bytes"},
	} {
		_, err := parseTree("bad.pth", c.data)
		t.Run(name, func(t *testing.T) { wantWords(t, err, append(strings.Split(c.words, "|"), "bad.pth")...) })
	}
}

// The oldest files cut storages into views: the key, the offset and the size stand at the end of the storage's id.
func TestLegacyStorageViews(t *testing.T) {
	id := func(view string) string {
		return "(" + str("storage") + "ctorch\nFloatStorage\n" + str("7") + str("cpu") + int4(6) + view + "tQ"
	}
	view := func(offset, size uint32) string { return str("7v") + int4(offset) + int4(size) + "\x87" }
	data := legacyFile("}"+str("w")+viewOf(id(view(2, 3)), "K\x01", "K\x02\x85", "K\x01\x85")+"s", []string{"7"},
		string(le.AppendUint64(nil, 6))+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x00\x00")
	tree, err := parseTree("old.pth", data)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := tree.(*Dict).Get("w")
	if got := w.(Tensor).Data; len(got) != 2 || got[0] != 1 || got[1] != 2 {
		t.Errorf("the view of a view is %v, want [1 2]", got)
	}
	bad := legacyFile("}"+str("w")+viewOf(id(view(4, 3)), "K\x00", ")", ")")+"s", []string{"7"}, floats(6))
	_, err = parseTree("old.pth", bad)
	wantWords(t, err, "old.pth", "storage 7")
}
