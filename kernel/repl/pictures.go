package repl

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	_ "image/jpeg" // figures may be photographs
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/msflow-go/msflow/kernel/display"
)

// graphics is a way to show pictures in a terminal.
type graphics int

const (
	blocks graphics = iota // characters: every terminal has them
	sixel
	kitty
	iterm
)

// pictures shows the pictures of values.
type pictures struct {
	once  sync.Once
	way   graphics
	cellW int // size of a character in pixels
	cellH int

	mu    sync.Mutex
	dir   string // of the files saved
	saved int
}

// answerWait is how long a terminal may take to say what it can show.
const answerWait = 300 * time.Millisecond

// queries ask for kitty's graphics, the terminal's name, the size of a character, and last for what every terminal answers.
const queries = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" + "\x1b[>0q" + "\x1b[16t" + "\x1b[c"

// ask finds out what the terminal can show, once.
func (p *pictures) ask(t *terminal) {
	p.once.Do(func() {
		p.cellW, p.cellH = 8, 16
		for len(t.replies) > 0 {
			<-t.replies
		}
		t.out.WriteString(queries)
		deadline := time.After(answerWait)
		for {
			select {
			case r := <-t.replies:
				if p.learn(r) {
					return
				}
			case <-deadline:
				return
			}
		}
	})
}

var (
	attributes = regexp.MustCompile(`^\x1b\[\?([\d;]*)c$`)
	cellSize   = regexp.MustCompile(`^\x1b\[6;(\d+);(\d+)t$`)
)

// learn takes an answer; the last one is that of the primary attributes.
func (p *pictures) learn(reply string) (last bool) {
	if m := cellSize.FindStringSubmatch(reply); m != nil {
		h, _ := strconv.Atoi(m[1])
		w, _ := strconv.Atoi(m[2])
		if w > 0 && h > 0 {
			p.cellW, p.cellH = w, h
		}
		return false
	}
	if m := attributes.FindStringSubmatch(reply); m != nil {
		for _, a := range strings.Split(m[1], ";")[1:] {
			if a == "4" && p.way == blocks {
				p.way = sixel
			}
		}
		return true
	}
	switch {
	case strings.HasPrefix(reply, "\x1b_Gi=31;OK"):
		p.way = kitty
	case strings.HasPrefix(reply, "\x1bP>|iTerm2") && p.way != kitty, strings.HasPrefix(reply, "\x1bP>|WezTerm"):
		p.way = iterm
	}
	return false
}

// picture is the picture of a value, shown otherwise as d, in the form that the terminal can show; "" without one.
func (r *REPL) picture(v any, d display.Data) string {
	data, img := decodePicture(d)
	if img == nil {
		data, img = pictureOf(v)
	}
	if img == nil {
		if svg, ok := d.Data[display.MIMETypeSVG].(string); ok {
			return r.savedLine([]byte(svg), ".svg")
		}
		return ""
	}
	if r.term == nil || !r.colours && !r.graphical() {
		width, height := 80, 40
		if r.screen != nil {
			width, height = r.screen.size()
		}
		return braille(img, min(width-1, 72), height*2/3) + r.savedLine(data, ".png")
	}
	width, height := r.screen.size()
	if r.graphical() {
		return r.inline(data, img, width, height)
	}
	truecolour := strings.Contains(os.Getenv("COLORTERM"), "truecolor") || strings.Contains(os.Getenv("COLORTERM"), "24bit")
	return halfBlocks(img, min(width-1, 72), height*2/3, truecolour) + r.savedLine(data, ".png")
}

// graphical reports whether the terminal shows pixels.
func (r *REPL) graphical() bool {
	if r.term == nil {
		return false
	}
	r.pictures.ask(r.term)
	return r.way != blocks
}

// pictureOf is the picture of a value that notebooks show in another form, such as SVG.
func pictureOf(v any) (data []byte, img image.Image) {
	p, ok := v.(display.PNGer)
	if !ok {
		return nil, nil
	}
	defer func() {
		if recover() != nil { // a figure that cannot be drawn says so in its text
			data, img = nil, nil
		}
	}()
	data = p.PNG()
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil || img.Bounds().Empty() {
		return nil, nil
	}
	return data, img
}

func decodePicture(d display.Data) ([]byte, image.Image) {
	for _, mime := range []string{display.MIMETypePNG, display.MIMETypeJPEG} {
		s, ok := d.Data[mime].(string)
		if !ok {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			continue
		}
		if img, _, err := image.Decode(bytes.NewReader(b)); err == nil && !img.Bounds().Empty() {
			return b, img
		}
	}
	return nil, nil
}

// savedLine saves a picture and says where.
func (r *REPL) savedLine(data []byte, ext string) string {
	path, err := r.save(data, ext)
	if err != nil {
		return faint.paint("the picture cannot be saved: "+err.Error(), r.colours) + "\n"
	}
	return faint.paint("saved as "+path, r.colours) + "\n"
}

func (p *pictures) save(data []byte, ext string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dir == "" {
		dir, err := os.MkdirTemp("", "msflow-figures-")
		if err != nil {
			return "", err
		}
		p.dir = dir
	}
	p.saved++
	path := filepath.Join(p.dir, fmt.Sprintf("figure%d%s", p.saved, ext))
	return path, os.WriteFile(path, data, 0o600)
}

// inline draws a picture with the terminal's pixels. It makes room first, so that nothing scrolls while it is drawn.
func (r *REPL) inline(data []byte, img image.Image, width, height int) string {
	size := img.Bounds().Size()
	maxW, maxH := (width-1)*r.cellW, max(1, height-3)*r.cellH
	scale := min(1, float64(maxW)/float64(size.X), float64(maxH)/float64(size.Y))
	w, h := max(1, int(float64(size.X)*scale)), max(1, int(float64(size.Y)*scale))
	cols, rows := (w+r.cellW-1)/r.cellW, (h+r.cellH-1)/r.cellH
	var body string
	switch r.way {
	case kitty:
		body = kittyPicture(asPNG(data, img), cols, rows)
	case iterm:
		body = itermPicture(data, cols, rows)
	default:
		body = sixelPicture(scaled(img, w, h))
	}
	var b strings.Builder
	b.WriteString(strings.Repeat("\n", rows-1))
	up(&b, rows-1)
	b.WriteString("\r\x1b7" + body + "\x1b8")
	down(&b, rows-1)
	b.WriteString("\n")
	return b.String()
}

func asPNG(data []byte, img image.Image) []byte {
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		return data
	}
	var b bytes.Buffer
	png.Encode(&b, img) // into memory: cannot fail for an image that was decoded
	return b.Bytes()
}

// kittyPicture transmits a PNG in chunks of base64 and shows it over so many characters, without moving the cursor.
func kittyPicture(data []byte, cols, rows int) string {
	const chunk = 4096
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	head := fmt.Sprintf("a=T,f=100,q=2,C=1,c=%d,r=%d,", cols, rows)
	for text != "" {
		n := min(chunk, len(text))
		more := 1
		if n == len(text) {
			more = 0
		}
		fmt.Fprintf(&b, "\x1b_G%sm=%d;%s\x1b\\", head, more, text[:n])
		head, text = "", text[n:]
	}
	return b.String()
}

func itermPicture(data []byte, cols, rows int) string {
	return fmt.Sprintf("\x1b]1337;File=inline=1;size=%d;width=%d;height=%d;preserveAspectRatio=1:%s\a",
		len(data), cols, rows, base64.StdEncoding.EncodeToString(data))
}
