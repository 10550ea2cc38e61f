package jupyter

import (
	"context"
	"errors"
	"time"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

type executeRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    *bool             `json:"store_history"`
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      *bool             `json:"allow_stdin"`
	StopOnError     *bool             `json:"stop_on_error"`
}

func (e *executeRequest) stores() bool {
	return !e.Silent && (e.StoreHistory == nil || *e.StoreHistory)
}
func (e *executeRequest) mayAsk() bool     { return e.AllowStdin == nil || *e.AllowStdin }
func (e *executeRequest) stopsQueue() bool { return e.StopOnError == nil || *e.StopOnError }

// abortGrace is how long an error's reply waits for the rest of a "run all" that is still on its way here. A client cannot
// have meant a request that it sent before this reply to run after the error.
const abortGrace = 10 * time.Millisecond

func (k *Kernel) execute(r *request) (object, error) {
	if r.arrived.Before(k.abortTil) {
		return object{"status": "aborted", "execution_count": k.count, "ename": "Aborted", "evalue": "an earlier cell failed", "traceback": []string{}}, nil
	}
	var req executeRequest
	if err := r.DecodeContent(&req); err != nil {
		content := errorContent(&engine.Error{Kind: "RequestError", Value: err.Error(), Traceback: []string{err.Error()}})
		content["execution_count"] = k.count
		return content, nil
	}
	if req.stores() {
		k.count++
		k.remember(k.count, req.Code)
	}
	if !req.Silent {
		k.publish("execute_input", r.RawHeader, object{"code": req.Code, "execution_count": k.count})
	}
	sink := k.newSink(r, k.count, req.mayAsk())
	if !req.Silent && k.opts.Greeting != "" {
		k.greeted.Do(func() { sink.Notice(k.opts.Greeting) })
	}
	err := k.eval.Eval(k.ctx, engine.Cell{Code: req.Code, Count: k.count, Silent: req.Silent}, sink)
	content := k.executeReply(&req, sink, err)
	content["execution_count"] = k.count
	content["payload"] = sink.takePayload()
	sink.finish()
	if err != nil && req.stopsQueue() {
		time.Sleep(abortGrace)
		k.abortTil = time.Now()
	}
	return content, nil
}

func (k *Kernel) executeReply(req *executeRequest, sink *cellSink, err error) object {
	if err != nil {
		content := errorContent(err)
		sink.emit("error", object{"ename": content["ename"], "evalue": content["evalue"], "traceback": content["traceback"]})
		return content
	}
	if text := sink.resultText(); text != "" && req.stores() {
		if err := k.hist.AddOutput(k.count, text); err != nil {
			k.logf("%v", err)
		}
	}
	return object{"status": "ok", "user_expressions": k.userExpressions(req.UserExpressions, sink)}
}

func (k *Kernel) remember(count int, code string) {
	if err := k.hist.Add(count, code); err != nil {
		k.logf("%v", err)
	}
}

// userExpressions evaluates each expression after a cell that succeeded; one that fails fails alone.
func (k *Kernel) userExpressions(exprs map[string]string, cell *cellSink) object {
	results := object{}
	for name, code := range exprs {
		value := &valueSink{cellSink: cell, data: display.Data{Data: display.MIMEMap{}, Metadata: display.MIMEMap{}}}
		if err := k.eval.Eval(k.ctx, engine.Cell{Code: code, Count: k.count}, value); err != nil {
			results[name] = errorContent(err)
			continue
		}
		results[name] = object{"status": "ok", "data": value.data.Data, "metadata": value.data.Metadata}
	}
	return results
}

// valueSink keeps a result instead of showing it.
type valueSink struct {
	*cellSink
	data display.Data
}

func (s *valueSink) Result(values []any) { s.data = display.OfResult(values) }

// errorContent is the content of an error reply.
func errorContent(err error) object {
	var e *engine.Error
	if !errors.As(err, &e) {
		e = &engine.Error{Kind: engine.KindInternal, Value: err.Error()}
	}
	if errors.Is(err, context.Canceled) && e.Kind == engine.KindInternal {
		e.Kind, e.Value = engine.KindInterrupted, "the cell was interrupted"
	}
	return object{"status": "error", "ename": string(e.Kind), "evalue": e.Value, "traceback": display.Traceback(e)}
}
