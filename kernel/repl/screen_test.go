package repl

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// grid is a terminal that understands what screen writes: enough to see where characters end up.
type grid struct {
	width, height int
	rows          [][]rune // of the screen
	gone          []string // rows that have scrolled away
	x, y          int
	wrapping      bool // the last column is full; the next character goes to the next row
}

func newGrid(width, height int) *grid {
	g := &grid{width: width, height: height}
	for range height {
		g.rows = append(g.rows, nil)
	}
	return g
}

func (g *grid) Write(b []byte) (int, error) {
	s := string(b)
	for s != "" {
		if s[0] == 0x1b {
			n := escapeLength(s)
			g.control(s[:n])
			s = s[n:]
			continue
		}
		r := []rune(s)[0]
		s = s[len(string(r)):]
		g.put(r)
	}
	return len(b), nil
}

func (g *grid) put(r rune) {
	switch r {
	case '\r':
		g.x, g.wrapping = 0, false
		return
	case '\n':
		g.wrapping = false
		if g.y++; g.y == g.height {
			g.gone = append(g.gone, strings.TrimRight(string(g.rows[0]), " "))
			g.rows = append(g.rows[1:], nil)
			g.y--
		}
		return
	}
	if g.wrapping {
		g.put('\r')
		g.put('\n')
	}
	for len(g.rows[g.y]) <= g.x {
		g.rows[g.y] = append(g.rows[g.y], ' ')
	}
	g.rows[g.y][g.x] = r
	if g.x++; g.x == g.width {
		g.x, g.wrapping = g.width-1, true
	}
}

func (g *grid) control(s string) {
	g.wrapping = false
	n := 1
	fmt.Sscanf(s[2:], "%d", &n)
	switch s[len(s)-1] {
	case 'A':
		g.y = max(0, g.y-n)
	case 'B':
		g.y = min(g.height-1, g.y+n)
	case 'C':
		g.x = min(g.width-1, g.x+n)
	case 'K':
		g.cut()
	case 'J':
		g.cut()
		for i := g.y + 1; i < g.height; i++ {
			g.rows[i] = nil
		}
	}
}

func (g *grid) cut() {
	if g.x < len(g.rows[g.y]) {
		g.rows[g.y] = g.rows[g.y][:g.x]
	}
}

// lines is everything ever shown, down to the last row with something on it.
func (g *grid) lines() []string {
	lines := append([]string{}, g.gone...)
	for _, r := range g.rows {
		lines = append(lines, strings.TrimRight(string(r), " "))
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// Whatever is printed and drawn in whatever order, the terminal shows all that was printed, in order, and below it the live
// rows and the frame as they are now, with the cursor where the frame wants it.
func TestScreenShowsWhatItShould(t *testing.T) {
	for seed := range uint64(120) {
		rng := rand.New(rand.NewPCG(seed, 1))
		width, height := 12+rng.IntN(20), 14+rng.IntN(8)
		g := newGrid(width, height)
		s := newScreen(g, width, height)
		printed := ""
		word := func() string { return strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(width-2)) }
		var story []string
		for range 60 {
			switch rng.IntN(6) {
			case 0, 1:
				text := word()
				if rng.IntN(3) > 0 {
					text += "\n"
				}
				if rng.IntN(4) == 0 {
					text = word() + "\n" + text
				}
				story = append(story, fmt.Sprintf("print %q", text))
				printed += text
				s.print(text)
			case 2:
				f := frame{}
				for range rng.IntN(4) {
					f.rows = append(f.rows, word())
				}
				if len(f.rows) > 0 {
					f.row = rng.IntN(len(f.rows))
					f.col = rng.IntN(len(f.rows[f.row]) + 1)
				}
				story = append(story, fmt.Sprintf("draw %q", f.rows))
				s.draw(f)
			case 3:
				var rows []string
				for range rng.IntN(3) {
					rows = append(rows, word())
				}
				story = append(story, fmt.Sprintf("live %q", rows))
				s.setLive(rows)
			case 4:
				story = append(story, "endLine")
				if printed != "" && !strings.HasSuffix(printed, "\n") {
					printed += "\n"
				}
				s.endLine()
			case 5:
				rows := []string{word(), word()}
				story = append(story, fmt.Sprintf("commit %q", rows))
				printed += strings.Join(rows, "\n") + "\n"
				s.commit(rows)
			}
			if got, want := g.lines(), expected(printed, s, width); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Fatalf("seed %d, %d×%d, after\n%s\ngot\n%s\nwant\n%s", seed, width, height, strings.Join(story, "\n"), strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if f := s.frame; len(f.rows) > 0 && g.x != f.col {
				t.Fatalf("seed %d: the cursor is in column %d, not %d, after\n%s", seed, g.x, f.col, strings.Join(story, "\n"))
			}
		}
	}
}

// expected is the printed text, wrapped, with the rows below it.
func expected(printed string, s *screen, width int) (lines []string) {
	body, partial := printed, ""
	if i := strings.LastIndexByte(printed, '\n'); i < len(printed)-1 {
		body, partial = printed[:i+1], printed[i+1:]
	}
	for line := range strings.Lines(body) {
		lines = append(lines, wrap(strings.TrimRight(line, "\n"), width)...)
	}
	if partial != "" {
		lines = append(lines, wrap(partial, width)...)
	}
	lines = append(append(lines, s.live...), s.frame.rows...)
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// A keystroke writes little more than the row that it changes.
func TestOneRowIsRedrawn(t *testing.T) {
	var b strings.Builder
	s := newScreen(&b, 80, 50)
	f := frame{}
	for i := range 40 {
		f.rows = append(f.rows, fmt.Sprintf("row %d of the cell", i))
	}
	s.draw(f)
	b.Reset()
	f.rows = append([]string{}, f.rows...)
	f.rows[20] += "x"
	s.draw(f)
	if b.Len() > 80 {
		t.Errorf("%d bytes: %q", b.Len(), b.String())
	}
}
