package engine

import (
	"errors"
	"fmt"
)

// ErrNoInput is returned by Sink.Input where there is nobody to ask.
var ErrNoInput = errors.New("this front end takes no input")

// ErrInterrupted is the Cause of an interrupted cell's Error.
var ErrInterrupted = errors.New("interrupted")

// Position is "cell[3]:7:2", or "cell[3]:7" without a column, or empty.
func (e *Error) Position() string {
	switch {
	case e.Line == 0:
		return ""
	case e.Column == 0:
		return fmt.Sprintf("cell[%d]:%d", e.Cell, e.Line)
	}
	return fmt.Sprintf("cell[%d]:%d:%d", e.Cell, e.Line, e.Column)
}
