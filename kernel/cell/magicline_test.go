package cell

import "testing"

func FuzzParts(f *testing.F) {
	for _, s := range []string{"", "x := 1\n!ls\ny", "%%bash\nls", "%time x", "a?", "`\n!raw\n`", "f(\n%x\n)", "%\n%%\n?", "\x00", "if x; {"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if len(MaskMagics(code)) != len(code) {
			t.Error("masking changes offsets")
		}
		at := 0
		for _, s := range Segments(code) {
			if s.Start != at || code[at:at+len(s.Text)] != s.Text {
				t.Fatalf("segment %q does not stand at %d", s.Text, at)
			}
			at += len(s.Text)
		}
		if at != len(code) {
			t.Errorf("the segments end at %d of %d", at, len(code))
		}
		last := 0
		for _, p := range Parts(code) {
			if p.Start < last || code[p.Start:p.Start+len(p.Text)] != p.Text {
				t.Fatalf("part %q does not stand at %d", p.Text, p.Start)
			}
			last = p.Start + len(p.Text)
		}
		IsComplete(code)
	})
}
