package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"github.com/msflow-go/msflow/lib/durable"
)

// maxDownload bounds a download of unknown length; the largest published file has 0.28 GB.
const maxDownload = 2 << 30

// download fetches an entry's file into the Finder's folder. It appears there under its name only after its digest was
// right.
func (f Finder) download(ctx context.Context, e Entry) (string, error) {
	path := filepath.Join(f.dir(), e.File)
	if err := durable.MkdirAll(f.dir()); err != nil {
		return "", fmt.Errorf("weights of %s: %w", e.Name, err)
	}
	err := durable.Write(path, 0o644, func(w io.Writer) error { return f.fetch(ctx, e, w) })
	if err != nil {
		return "", fmt.Errorf("weights of %s: downloading %s: %w", e.Name, e.URL, err)
	}
	return path, nil
}

// fetch copies the entry's URL to w and checks length and digest.
func (f Finder) fetch(ctx context.Context, e Entry, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.URL, nil)
	if err != nil {
		return err
	}
	client := f.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", resp.Status)
	}
	h := sha256.New()
	body := io.Reader(io.LimitReader(resp.Body, maxDownload+1))
	if f.Progress != nil {
		body = &progressReader{r: body, total: resp.ContentLength, report: f.Progress}
	}
	n, err := io.Copy(io.MultiWriter(w, h), body)
	if err != nil {
		return fmt.Errorf("after %d bytes: %w", n, err)
	}
	if n > maxDownload {
		return fmt.Errorf("more than %d bytes came", int64(maxDownload))
	}
	return checkDigest("what came", hex.EncodeToString(h.Sum(nil)), e)
}

// progressReader reports how much has been read; total is −1 when unknown.
type progressReader struct {
	r           io.Reader
	done, total int64
	report      func(done, total int64)
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.done += int64(n)
	p.report(p.done, p.total)
	return n, err
}
