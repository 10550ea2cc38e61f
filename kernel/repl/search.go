package repl

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// search is Ctrl-R: the inputs that a few letters find, best first.
type search struct {
	query    []rune
	inputs   []string // newest first, each once
	found    []searchMatch
	selected int
	top      int
}

type searchMatch struct {
	input string
	score int
	at    []int // runes that the query's letters were found at
}

func (e *editor) startSearch() {
	if e.plain {
		return
	}
	s := &search{query: slices.Clone(e.text.runes)}
	if strings.ContainsRune(string(s.query), '\n') {
		s.query = nil
	}
	seen := map[string]bool{}
	for _, in := range slices.Backward(e.past.all()) {
		if !seen[in] {
			seen[in] = true
			s.inputs = append(s.inputs, in)
		}
	}
	s.find()
	e.search = s
}

// find looks for the query. Newer inputs come first among those that match equally well.
func (s *search) find() {
	s.found, s.selected, s.top = nil, 0, 0
	for _, in := range s.inputs {
		if score, at, ok := fuzzy(string(s.query), in); ok {
			s.found = append(s.found, searchMatch{in, score, at})
		}
	}
	slices.SortStableFunc(s.found, func(a, b searchMatch) int { return cmp.Compare(b.score, a.score) })
}

// fuzzy reports whether the letters of query stand in text in this order. It prefers whole words and runs of letters: words
// of the query that stand in the text as they are count most. Capitals in the query must match.
func fuzzy(query, text string) (score int, at []int, ok bool) {
	folds := query == strings.ToLower(query)
	runes := []rune(text)
	from := 0
	for word := range strings.FieldsSeq(query) {
		places, n, found := findWord([]rune(word), runes, from, folds)
		if !found {
			if places, n, found = findWord([]rune(word), runes, 0, folds); !found {
				return 0, nil, false
			}
		}
		score += n
		at = append(at, places...)
		from = places[len(places)-1] + 1
	}
	return score, at, true
}

// findWord finds a word as it is, or else its letters one after the other.
func findWord(word, text []rune, from int, folds bool) (at []int, score int, ok bool) {
	same := func(a, b rune) bool { return a == b || folds && unicode.ToLower(b) == a }
	for i := from; i+len(word) <= len(text); i++ {
		j := 0
		for j < len(word) && same(word[j], text[i+j]) {
			j++
		}
		if j == len(word) {
			for k := range word {
				at = append(at, i+k)
			}
			score = 1000
			if i == 0 || !isWord(text[i-1]) {
				score += 100
			}
			return at, score, true
		}
	}
	i := from
	for _, r := range word {
		for i < len(text) && !same(r, text[i]) {
			i++
		}
		if i == len(text) {
			return nil, 0, false
		}
		if i == 0 || !isWord(text[i-1]) || len(at) > 0 && at[len(at)-1] == i-1 {
			score += 2
		}
		at = append(at, i)
		i++
	}
	return at, score - (at[len(at)-1]-at[0])/4, true
}

// searchKey is a key while searching.
func (e *editor) searchKey(k key) verdict {
	s := e.search
	switch (key{code: k.code, mods: k.mods}) {
	case key{code: 'c', mods: ctrl}, key{code: keyEscape}, key{code: 'g', mods: ctrl}:
		e.search = nil
	case key{code: keyEnter}, key{code: keyTab}, key{code: keyRight}:
		if len(s.found) > 0 {
			e.text.set(s.found[s.selected].input)
		}
		e.search = nil
	case key{code: 'r', mods: ctrl}, key{code: keyDown}, key{code: 'n', mods: ctrl}:
		s.selected = min(s.selected+1, max(0, len(s.found)-1))
	case key{code: 's', mods: ctrl}, key{code: keyUp}, key{code: 'p', mods: ctrl}:
		s.selected = max(s.selected-1, 0)
	case key{code: keyBackspace}:
		s.query = s.query[:max(0, len(s.query)-1)]
		s.find()
	case key{code: 'u', mods: ctrl}, key{code: 'w', mods: ctrl}:
		s.query = nil
		s.find()
	default:
		if k.mods&^shift == 0 && k.code >= ' ' && k.code < keyNone {
			s.query = append(s.query, k.code)
			s.find()
		}
	}
	return editing
}

// frame is the query with the inputs it finds below.
func (s *search) frame(width, height int, colours bool) frame {
	label := "history search: "
	f := frame{rows: []string{clip(cyan.paint(label, colours)+string(s.query), width-1)}}
	f.col = min(columns(label)+columns(string(s.query)), width-1)
	most := min(10, max(1, height-3))
	s.top = window(len(s.found), most, s.top, s.selected)
	for i := s.top; i < min(s.top+most, len(s.found)); i++ {
		f.rows = append(f.rows, s.found[i].row(i == s.selected, width, colours))
	}
	note := "Enter takes it, Ctrl-R goes on, Esc leaves"
	if len(s.found) == 0 {
		note = "nothing found; Esc leaves"
	}
	f.rows = append(f.rows, faint.paint(clip(note, width-1), colours))
	return f
}

func (f searchMatch) row(selected bool, width int, colours bool) string {
	hit := map[int]bool{}
	for _, i := range f.at {
		hit[i] = true
	}
	var b strings.Builder
	for i, r := range []rune(f.input) {
		s := string(r)
		switch {
		case r == '\n':
			s = faint.paint("⏎ ", colours)
		case r == '\t':
			s = ""
		case hit[i]:
			s = bold.paint(s, colours)
		}
		b.WriteString(s)
	}
	mark := "  "
	if selected {
		mark = boldGreen.paint("> ", colours)
	}
	return mark + clip(b.String(), width-3)
}
