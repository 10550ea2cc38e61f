package notebook

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func sample() *Notebook {
	n := New(&Cell{Type: Markdown, Source: "# Title\n\nwords"}, NewCode("x := 1\nx"), NewCode(""))
	n.Cells[1].Count = 1
	n.Cells[1].Outputs = []Output{
		{Type: StreamOutput, Name: "stdout", Text: "a\nb\n"},
		{Type: ResultOutput, Count: 1, Data: map[string]any{"text/plain": "<1>", "image/svg+xml": "<svg>\n</svg>", "image/png": "AAAA"}},
		{Type: ErrorOutput, Kind: "Panic", Value: "no", Traceback: []string{"no"}},
	}
	n.Cells[2].tag("parameters")
	return n
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.ipynb")
	want := sample()
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("read and written again:\n%s\ninstead of\n%s", got.Bytes(), want.Bytes())
	}
	if c := got.Cells[1]; c.Source != "x := 1\nx" || c.Outputs[0].Text != "a\nb\n" || c.Outputs[1].Data["image/svg+xml"] != "<svg>\n</svg>" {
		t.Errorf("the code cell became %+v", c)
	}
	if !got.Cells[2].Tagged("parameters") {
		t.Error("the tag is lost")
	}
	if leftovers, _ := os.ReadDir(filepath.Dir(path)); len(leftovers) != 1 {
		t.Errorf("Write left %v behind", leftovers)
	}
}

// The golden file was written by Python's nbformat 5.11 from a notebook like this one.
func TestWritesAsJupyterDoes(t *testing.T) {
	want, err := os.ReadFile("testdata/nbformat.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	n, err := Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Bytes(); !bytes.Equal(got, want) {
		t.Errorf("got\n%s\ninstead of\n%s", got, want)
	}
}

func TestLinesEndWherePythonSaysSo(t *testing.T) {
	for text, want := range map[string][]string{
		"": {}, "a": {"a"}, "a\n": {"a\n"}, "\n\na": {"\n", "\n", "a"}, "a\r\nb\rc\r": {"a\r\n", "b\r", "c\r"},
		"a\r\r\n\nb": {"a\r", "\r\n", "\n", "b"}, "a\u2028b\x85": {"a\u2028", "b\x85"},
	} {
		if got := lines(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q instead of %q", text, got, want)
		}
	}
}

func TestUnknownFieldsAreKept(t *testing.T) {
	n, err := Parse([]byte(`{"nbformat":4,"nbformat_minor":2,"future":[1.50],"metadata":{"a":12345678901234567890},
		"cells":[{"cell_type":"markdown","source":["a\n","b"],"metadata":{},"attachments":{"x.png":{"image/png":"AA=="}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"1.50", "12345678901234567890", `"x.png"`, `"id": "cell-1"`, `"nbformat_minor": 5`} {
		if !strings.Contains(string(n.Bytes()), part) {
			t.Errorf("%s is lost in\n%s", part, n.Bytes())
		}
	}
}

func TestMalformedNotebooksSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "not a Jupyter notebook"},
		{"{\n\n]", "line 3"},
		{"[]", "not a Jupyter notebook"},
		{"{} {}", "more after"},
		{"{}", "nbformat 0"},
		{`{"nbformat":3,"worksheets":[]}`, "nbformat 3"},
		{`{"nbformat":4,"cells":{}}`, "cells is not a list"},
		{`{"nbformat":4,"cells":[{"cell_type":"code"},7]}`, "cell 2: it is not an object"},
		{`{"nbformat":4,"cells":[{"cell_type":"poem"}]}`, `cell 1: its type "poem"`},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":7}]}`, "cell 1: its source is not text"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","outputs":[{"output_type":"pyout"}]}]}`, `cell 1: output 1: its type "pyout"`},
		{`{"nbformat":4,"cells":[{"cell_type":"code","outputs":[{"output_type":"error","traceback":[1]}]}]}`, "traceback"},
	} {
		_, err := Parse([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, without %q", c.text, err, c.want)
		}
	}
	if _, err := Parse([]byte("7")); !errors.Is(err, ErrFormat) {
		t.Errorf("a number: %v", err)
	}
	if _, err := Read("missing.ipynb"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "missing.ipynb") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestIDsAreUniqueAndValid(t *testing.T) {
	n := New(&Cell{Type: Code, ID: "cell-2"}, &Cell{Type: Code}, &Cell{Type: Code, ID: "cell-2"}, &Cell{Type: Code, ID: "not valid"})
	seen := map[string]bool{}
	for _, id := range n.ids() {
		if !validID.MatchString(id) || seen[id] {
			t.Errorf("ids %v", n.ids())
		}
		seen[id] = true
	}
}

// Whatever is read without an error can be written, and reads the same again.
func FuzzParse(f *testing.F) {
	f.Add(sample().Bytes())
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":["a\n","b"],"outputs":[{"output_type":"stream","name":"stdout","text":"x"}]}]}`))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"raw","id":"","source":"\u2028\\u2028"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data)
		if err != nil {
			return
		}
		once := n.Bytes()
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("%q became unreadable: %v\n%s", data, err, once)
		}
		if twice := again.Bytes(); !bytes.Equal(once, twice) {
			t.Fatalf("%q: written as\n%s\nand then as\n%s", data, once, twice)
		}
	})
}

// Cells of another language are not run as Go; notebooks that do not name theirs are taken to be in Go.
func TestOnlyGoIsRun(t *testing.T) {
	for _, c := range []struct{ metadata, fails string }{
		{`{}`, ""},
		{`{"kernelspec": {"name": "msflow", "language": "go"}}`, ""},
		{`{"kernelspec": {"name": "gophernotes"}, "language_info": {"name": "go"}}`, ""},
		{`{"kernelspec": {"name": "msflow", "language": "go"}, "language_info": {"name": "python"}}`, ""},
		{`{"kernelspec": {"name": "python3", "language": "python"}}`, "its cells are in python"},
		{`{"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}}`, "its cells are in python"},
		{`{"language_info": {"name": "R"}}`, "its cells are in r"},
	} {
		path := filepath.Join(t.TempDir(), "a.ipynb")
		if err := os.WriteFile(path, []byte(`{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": `+c.metadata+`}`), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadGo(path)
		if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: %v", c.metadata, err)
		}
	}
}
