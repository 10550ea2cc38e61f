package weights

import "testing"

// FuzzLoad throws whole files at the reader; it must return.
func FuzzLoad(f *testing.F) {
	for _, data := range allTestFiles(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := parseTree("fuzz", data)
		if err == nil {
			flatten("fuzz", tree)
		}
	})
}

// FuzzPickle fuzzes the pickle machine and the tensors it builds directly, where no checksum stands in the way; every
// storage exists.
func FuzzPickle(f *testing.F) {
	view := viewOf(storageOf("7", int4(6)), "K\x00", "K\x02K\x03\x86", "K\x03K\x01\x86")
	f.Add([]byte(proto2 + "}q\x00(" + str("w") + view + str("n") + "]q\x01(K\x01h\x01e" + "u."))
	f.Add([]byte(proto2 + "ccollections\nOrderedDict\n)Rq\x00}" + str("m") + "Nsb."))
	f.Add([]byte("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x05torch\x94\x8c\x04Size\x94\x93K\x01K\x02\x86\x85R."))
	f.Fuzz(func(t *testing.T, program []byte) {
		storages := storageSet{room: 1 << 16, byKey: map[string]*storage{}}
		m := pickleMachine{data: program, persistent: storages.get}
		value, used, err := m.run()
		if err != nil {
			return
		}
		if used > len(program) {
			t.Fatalf("%d bytes of %d used", used, len(program))
		}
		for _, s := range storages.byKey {
			s.raw = make([]byte, s.numel*s.dtype.size)
		}
		g := grower{materialise: newTensorReader(1 << 16).read}
		tree, err := g.grow(nil, value)
		if err == nil {
			flatten("fuzz", tree)
		}
	})
}

// FuzzSafetensors: what is accepted comes back the same after writing.
func FuzzSafetensors(f *testing.F) {
	for name, data := range allTestFiles(f) {
		if len(name) > 12 && name[len(name)-12:] == ".safetensors" {
			f.Add(data)
		}
	}
	f.Add(safetensorsBytes(header(f32("a", "2", "0,8"), f32("b", "0", "8,8")), 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parseSafetensors("fuzz", data)
		if err != nil {
			return
		}
		d, err := file.StateDict()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := writeOrder(d.tensors); err != nil {
			t.Fatalf("read but not writable: %v", err)
		}
	})
}
