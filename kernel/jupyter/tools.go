package jupyter

import (
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
)

// codeRequest is what complete, inspect and is_complete have in common.
type codeRequest struct {
	Code   string `json:"code"`
	Cursor *int   `json:"cursor_pos"`
	Detail int    `json:"detail_level"`
}

// cursor is the position within the code, in code points; missing means the end.
func (c *codeRequest) cursor() int {
	n := utf8.RuneCountInString(c.Code)
	if c.Cursor == nil {
		return n
	}
	return min(n, max(0, *c.Cursor))
}

func (k *Kernel) complete(r *request) (object, error) {
	var req codeRequest
	if err := r.DecodeContent(&req); err != nil {
		return nil, err
	}
	c := k.eval.Complete(k.ctx, req.Code, req.cursor())
	matches, types := []string{}, []object{}
	for _, item := range c.Items {
		matches = append(matches, item.Text)
		types = append(types, object{
			"start": c.Start, "end": c.End, "text": item.Text, "type": item.Kind, "signature": item.Signature,
		})
	}
	return object{
		"status": "ok", "matches": matches, "cursor_start": c.Start, "cursor_end": c.End,
		"metadata": object{"_jupyter_types_experimental": types},
	}, nil
}

func (k *Kernel) inspect(r *request) (object, error) {
	var req codeRequest
	if err := r.DecodeContent(&req); err != nil {
		return nil, err
	}
	in := k.eval.Inspect(k.ctx, req.Code, req.cursor(), req.Detail)
	return object{"status": "ok", "found": in.Found, "data": inspectionData(in), "metadata": object{}}, nil
}

func inspectionData(in engine.Inspection) object {
	data := object{}
	if !in.Found {
		return data
	}
	data["text/plain"] = in.Plain
	if in.Markdown != "" {
		data["text/markdown"] = in.Markdown
	}
	if in.HTML != "" {
		data["text/html"] = in.HTML
	}
	return data
}

func (k *Kernel) isComplete(r *request) (object, error) {
	var req codeRequest
	if err := r.DecodeContent(&req); err != nil {
		return nil, err
	}
	c := cell.IsComplete(req.Code)
	content := object{"status": string(c.Status)}
	if c.Status == cell.Incomplete {
		content["indent"] = c.Indent
	}
	return content, nil
}

type historyRequest struct {
	Output  bool   `json:"output"`
	Access  string `json:"hist_access_type"`
	Session int    `json:"session"`
	Start   int    `json:"start"`
	Stop    *int   `json:"stop"`
	N       *int   `json:"n"`
	Pattern string `json:"pattern"`
	Unique  bool   `json:"unique"`
}

// history answers also when the file cannot be read: with nothing.
func (k *Kernel) history(r *request) (object, error) {
	req := historyRequest{Access: "tail", Pattern: "*"}
	if err := r.DecodeContent(&req); err != nil {
		return nil, err
	}
	entries, err := k.lookUp(&req)
	if err != nil {
		k.logf("%v", err)
	}
	list := [][]any{}
	for _, e := range entries {
		list = append(list, []any{e.Session, e.Line, historyItem(e, req.Output)})
	}
	return object{"status": "ok", "history": list}, nil
}

func historyItem(e history.Entry, withOutput bool) any {
	switch {
	case !withOutput:
		return e.Input
	case e.Output == "":
		return []any{e.Input, nil}
	}
	return []any{e.Input, e.Output}
}

func (k *Kernel) lookUp(req *historyRequest) ([]history.Entry, error) {
	n := 0
	if req.N != nil {
		n = *req.N
	}
	switch req.Access {
	case "range":
		stop := 0
		if req.Stop != nil {
			if stop = *req.Stop; stop <= 0 {
				return nil, nil
			}
		}
		return k.hist.Range(req.Session, req.Start, stop)
	case "search":
		return k.hist.Search(req.Pattern, n, req.Unique)
	case "tail":
		if req.N == nil {
			n = 10
		}
		return k.hist.Tail(n)
	}
	return nil, nil
}
