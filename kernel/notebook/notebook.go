// Package notebook reads, writes, runs and prints Jupyter notebooks (nbformat 4) without Jupyter.
package notebook

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
)

// Notebook is a document of nbformat 4.
type Notebook struct {
	Cells    []*Cell
	Metadata map[string]any // of the document; values are as encoding/json gives them, numbers json.Number
	Minor    int            // of nbformat 4.Minor as read; it is written as at least 4.5
	extra    map[string]any // fields that this package does not know, kept
}

// CellType is what a cell holds.
type CellType string

// The types of cells.
const (
	Code     CellType = "code"
	Markdown CellType = "markdown"
	Raw      CellType = "raw"
)

// Cell is one cell. Count and Outputs are those of code cells.
type Cell struct {
	ID       string // unique in its notebook; Write makes one where there is none
	Type     CellType
	Source   string
	Metadata map[string]any
	Count    int // execution count; 0 when it was not run
	Outputs  []Output
	extra    map[string]any // attachments, and fields that this package does not know
}

// OutputType is what an output is.
type OutputType string

// The types of outputs.
const (
	StreamOutput  OutputType = "stream"
	DisplayOutput OutputType = "display_data"
	ResultOutput  OutputType = "execute_result"
	ErrorOutput   OutputType = "error"
)

// Output is one output of a code cell. Which fields count depends on its type.
type Output struct {
	Type OutputType

	Name, Text string // of a stream: stdout or stderr, and what was printed

	Data     map[string]any // of a display or result: MIME type → text, base64, or JSON
	Metadata map[string]any
	Count    int // of a result

	Kind, Value string // of an error
	Traceback   []string

	id string // by which a run updates a display
}

// New is a notebook of these cells for this project's kernel.
func New(cells ...*Cell) *Notebook {
	return &Notebook{Cells: cells, Minor: 5, Metadata: map[string]any{
		"kernelspec":    map[string]any{"name": "msflow", "display_name": "Go (MSFlow)", "language": "go"},
		"language_info": map[string]any{"name": "go", "file_extension": ".go", "mimetype": "text/x-go"},
	}}
}

// Language is what the notebook's cells are written in, in small letters, as its metadata say; "" where they do not.
func (n *Notebook) Language() string {
	for _, of := range [][2]string{{"kernelspec", "language"}, {"language_info", "name"}} {
		about, _ := n.Metadata[of[0]].(map[string]any)
		if name, _ := about[of[1]].(string); name != "" {
			return strings.ToLower(name)
		}
	}
	return ""
}

// ReadGo is Read for a notebook whose cells are to be run as Go. One of another language is an error.
func ReadGo(path string) (*Notebook, error) {
	n, err := Read(path)
	if err != nil {
		return nil, err
	}
	if l := n.Language(); l != "" && l != "go" {
		return nil, fmt.Errorf("%s: its cells are in %s, and only Go is run here; `jupyter nbconvert --execute` runs it with the kernel that it names", path, l)
	}
	return n, nil
}

// NewCode is a code cell that was not run.
func NewCode(source string) *Cell { return &Cell{Type: Code, Source: source} }

// Tags are the cell's tags, such as "parameters".
func (c *Cell) Tags() (tags []string) {
	list, _ := c.Metadata["tags"].([]any)
	for _, t := range list {
		if s, ok := t.(string); ok {
			tags = append(tags, s)
		}
	}
	return tags
}

// Tagged tells whether the cell has the tag.
func (c *Cell) Tagged(tag string) bool { return slices.Contains(c.Tags(), tag) }

// tag gives the cell a tag.
func (c *Cell) tag(name string) *Cell {
	if c.Metadata == nil {
		c.Metadata = map[string]any{}
	}
	list, _ := c.Metadata["tags"].([]any)
	c.Metadata["tags"] = append(list, name)
	return c
}

// Read reads the notebook at path. Errors name the file, and the cell where there is something wrong with one.
func Read(path string) (*Notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the notebook: %w", err)
	}
	n, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return n, nil
}

// Write writes the notebook to path as Jupyter itself would, in whole or not at all.
func (n *Notebook) Write(path string) error { return durable.WriteBytes(path, 0o644, n.Bytes()) }
