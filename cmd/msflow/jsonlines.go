package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/msflow-go/msflow/lib/durable"
)

// jsonLines is a file that grows by whole lines, each of which is on the disk when add returns.
type jsonLines struct{ *os.File }

// openJSONLines opens the file to be continued and reads its lines. A last line that a killed process left unfinished is
// removed; one inside that is no row is an error, since the file is then something else.
func openJSONLines[Row any](path string) (*jsonLines, []Row, error) {
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, nil, fmt.Errorf("the results: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("the results: %w", err)
	}
	rows, whole, err := readJSONLines[Row](file)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("the results so far: %s: %w", path, err)
	}
	return &jsonLines{file}, rows, nil
}

// readJSONLines reads whole lines, and tells how many bytes they are.
func readJSONLines[Row any](r io.Reader) (rows []Row, whole int64, err error) {
	b := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := b.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return rows, whole, nil
		}
		if err != nil {
			return nil, 0, err
		}
		var row Row
		if err := json.Unmarshal(bytes.TrimSpace(line), &row); err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", n, err)
		}
		rows, whole = append(rows, row), whole+int64(len(line))
	}
}

func (f *jsonLines) add(row any) error {
	line, err := json.Marshal(row)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
	}
	if err := errors.Join(err, f.Sync()); err != nil {
		return fmt.Errorf("writing %s: %w", f.Name(), err)
	}
	return nil
}
