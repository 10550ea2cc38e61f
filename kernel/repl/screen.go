package repl

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// screen keeps rows at the bottom of a terminal that change in place (a prompt, a progress bar) and prints text above them
// that stays. It knows nothing of absolute positions: it moves relative to the cursor, which is always inside its rows.
// Its methods may be called from any goroutine.
//
// From top to bottom its rows are: the unfinished last line of what was printed, the live rows, the frame.
type screen struct {
	mu     sync.Mutex
	out    io.Writer
	width  int
	height int

	partial string   // the last printed line, when it has no newline yet
	live    []string // outputs that change in place
	frame   frame

	drawn   []string // rows on the terminal
	at      int      // the row of them that the cursor is in
	below   bool     // there are rows below the unfinished line
	printed int      // rows printed since mark
	resized bool
}

// frame is the rows of an editor.
type frame struct {
	rows     []string
	row, col int // of the cursor
	hidden   bool
}

func newScreen(out io.Writer, width, height int) *screen {
	return &screen{out: out, width: max(width, 8), height: max(height, 3)}
}

// draw shows f in place of the frame before it.
func (s *screen) draw(f frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame = f
	s.refresh("")
}

// setLive shows other live rows.
func (s *screen) setLive(rows []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = rows
	s.refresh("")
}

// print writes text that stays. A last line without a newline may be continued by the next text.
func (s *screen) print(text string) {
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh(text)
}

// endLine makes sure that what is printed next begins a line.
func (s *screen) endLine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.partial != "" {
		s.refresh("\n")
	}
}

// commit turns rows into printed text and takes the frame away.
func (s *screen) commit(rows []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame = frame{}
	text := strings.Join(rows, "\n")
	if len(rows) > 0 {
		text += "\n"
	}
	s.refresh(text)
}

// takePartial returns the unfinished last line, which the caller will show as its own.
func (s *screen) takePartial() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partial
	s.partial = ""
	return p
}

// resize adapts to another size of the terminal. Terminals that reflow have folded rows that are too wide now.
func (s *screen) resize(width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	width, height = max(width, 8), max(height, 3)
	if width == s.width && height == s.height {
		return
	}
	up := 0
	for i, row := range s.drawn {
		n := columns(row)
		if i == s.at {
			n = min(n, s.frame.col)
		}
		if i < s.at {
			up++
		}
		if n > 0 && i <= s.at {
			up += (n - 1) / width
		}
	}
	s.width, s.height = width, height
	s.at = min(up, height-1)
	s.resized = true
}

// separate leaves a blank line after what was printed since mark, if anything was.
func (s *screen) separate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.partial != "" {
		s.refresh("\n")
	}
	if s.printed > 0 {
		s.refresh("\n")
	}
}

// size is the terminal's.
func (s *screen) size() (width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.width, s.height
}

// mark begins to count printed rows, for erase.
func (s *screen) mark() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.printed = 0
}

// erase takes away what was printed since mark, as far as it is still on the screen.
func (s *screen) erase() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	up(&b, min(s.at+s.printed, s.height-1))
	b.WriteString("\r\x1b[J")
	io.WriteString(s.out, b.String())
	s.partial, s.drawn, s.at, s.printed, s.below = "", nil, 0, 0, false
	s.refresh("")
}

// refresh prints text above the rows and brings the rows up to date.
func (s *screen) refresh(text string) {
	var b strings.Builder
	continued := false
	if text != "" {
		continued = s.printAbove(&b, text)
	}
	rows, row, col := s.compose()
	if continued {
		s.drawn, s.at, s.below = rows, max(0, len(rows)-1), false // the text itself has drawn them
	} else {
		s.update(&b, rows, row, col)
		s.below = len(s.live)+len(s.frame.rows) > 0
	}
	s.resized = false
	io.WriteString(s.out, b.String())
}

// printAbove erases the rows and writes text where they were. With nothing below the line it only continues it, and says
// so.
func (s *screen) printAbove(b *strings.Builder, text string) (continued bool) {
	bare := !s.below && len(s.live) == 0 && len(s.frame.rows) == 0 && !s.resized && !s.fullRow()
	if !bare {
		b.WriteString("\x1b[?25l")
		up(b, s.at)
		b.WriteString("\r\x1b[J")
		b.WriteString(s.partial)
		s.drawn, s.at = nil, 0
	}
	full := s.partial + text
	s.count(text)
	i := strings.LastIndexByte(full, '\n') + 1
	s.partial = full[i:]
	if rows := wrap(s.partial, s.width); len(rows) > s.height/2 { // the rest stays where it is
		s.partial = strings.Join(rows[len(rows)-s.height/2:], "")
	}
	b.WriteString(strings.ReplaceAll(text, "\n", "\r\n"))
	if !bare { // the unfinished line is drawn with the rows
		b.WriteString("\r\x1b[K")
		if rows := s.partialRows(); len(rows) > 1 {
			up(b, len(rows)-1)
			b.WriteString("\x1b[J")
		}
	}
	return bare
}

// fullRow reports whether the unfinished line ends in the last column, where no movement of the cursor can go back to.
func (s *screen) fullRow() bool {
	return len(s.drawn) > 0 && columns(s.drawn[len(s.drawn)-1]) >= s.width
}

func (s *screen) count(text string) {
	for line := range strings.Lines(text) {
		if line[len(line)-1] == '\n' {
			s.printed += 1 + max(0, len(line)-1)/s.width
		}
	}
}

// partialRows is the unfinished line as rows; a carriage return in it starts the line over.
func (s *screen) partialRows() []string {
	if s.partial == "" {
		return nil
	}
	line := strings.TrimRight(s.partial, "\r")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	return wrap(line, s.width)
}

// compose is all rows and where the cursor goes.
func (s *screen) compose() (rows []string, row, col int) {
	rows = s.partialRows()
	if len(rows) > 0 && len(s.live) == 0 && len(s.frame.rows) == 0 {
		return rows, len(rows) - 1, columns(rows[len(rows)-1])
	}
	room := s.height - len(s.frame.rows) - len(rows)
	live := s.live
	if len(live) > room {
		live = live[len(live)-max(0, room):]
	}
	rows = append(rows, live...)
	row, col = len(rows)+s.frame.row, s.frame.col
	rows = append(rows, s.frame.rows...)
	if len(s.frame.rows) == 0 {
		row, col = max(0, len(rows)-1), 0
		if len(rows) > 0 {
			col = min(columns(rows[len(rows)-1]), s.width-1)
		}
	}
	if extra := len(rows) - s.height; extra > 0 {
		rows, row = rows[extra:], max(0, row-extra)
	}
	return rows, row, col
}

// update writes the rows that differ from those on the terminal.
func (s *screen) update(b *strings.Builder, rows []string, row, col int) {
	b.WriteString("\x1b[?25l")
	if s.resized {
		up(b, s.at)
		b.WriteString("\r\x1b[J")
		s.drawn, s.at = nil, 0
	}
	at := s.at
	goTo := func(i int) { // within the rows on the terminal, or one below
		switch {
		case i < at:
			up(b, at-i)
		case i >= len(s.drawn) && i > at:
			down(b, max(0, len(s.drawn)-1-at))
			b.WriteString("\r\n")
		case i > at:
			down(b, i-at)
		}
		b.WriteString("\r")
		at = i
	}
	for i, r := range rows {
		if i < len(s.drawn) && s.drawn[i] == r {
			continue
		}
		goTo(i)
		b.WriteString(r)
		if columns(r) < s.width { // after the last column this would erase that column
			b.WriteString("\x1b[K")
		}
		if i >= len(s.drawn) {
			s.drawn = append(s.drawn, r)
		}
	}
	if len(s.drawn) > len(rows) {
		goTo(len(rows))
		b.WriteString("\x1b[J")
	}
	s.drawn = rows
	if row < at {
		up(b, at-row)
	} else {
		down(b, row-at)
	}
	s.at = row
	fmt.Fprintf(b, "\r")
	if col > 0 {
		fmt.Fprintf(b, "\x1b[%dC", col)
	}
	if !s.frame.hidden {
		b.WriteString("\x1b[?25h")
	}
}

func up(b *strings.Builder, n int) {
	if n > 0 {
		fmt.Fprintf(b, "\x1b[%dA", n)
	}
}

func down(b *strings.Builder, n int) {
	if n > 0 {
		fmt.Fprintf(b, "\x1b[%dB", n)
	}
}

// clear empties the screen and draws the rows at its top.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.out, "\x1b[H\x1b[2J")
	s.drawn, s.at, s.partial, s.below = nil, 0, "", false
	s.refresh("")
}
