package results

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
)

// WriteNPY writes values (h,w) as NumPy's .npy, version 1.0, so that maps can be read anywhere without loss.
func WriteNPY(path string, values []float32, h, w int) error {
	return runs.WriteFile(path, func(file io.Writer) error {
		header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", h, w)
		const before = 10 // magic, version and the header's length
		header += strings.Repeat(" ", 63-(before+len(header))%64) + "\n"
		b := bufio.NewWriter(file)
		fmt.Fprintf(b, "\x93NUMPY\x01\x00")
		if err := binary.Write(b, binary.LittleEndian, uint16(len(header))); err != nil {
			return err
		}
		b.WriteString(header)
		if err := binary.Write(b, binary.LittleEndian, values); err != nil {
			return err
		}
		return b.Flush()
	})
}
