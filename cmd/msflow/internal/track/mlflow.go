package track

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mlflow speaks the REST interface 2.0 of an MLflow tracking server.
type mlflow struct {
	server string
	run    Run
	client *http.Client
	id     string // of the run there
	store  string // where the server itself takes artifacts of the run; empty: it does not
}

// answerTime is how long an answer may take.
const answerTime = 5 * time.Second

func newMLflow(server string, run Run) *mlflow {
	return &mlflow{server: server, run: run, client: &http.Client{Timeout: answerTime}}
}

// mlflowRun is a run in answers.
type mlflowRun struct {
	Info struct {
		ID       string `json:"run_id"`
		Artifact string `json:"artifact_uri"`
	} `json:"info"`
}

// tagged names the tag by which a training that is resumed finds its run.
const tagged = "msflow.run"

func (m *mlflow) start(int) error {
	experiment, err := m.experiment()
	if err != nil {
		return err
	}
	run, err := m.open(experiment)
	if err != nil {
		return err
	}
	m.id = run.Info.ID
	if u, err := url.Parse(run.Info.Artifact); err == nil && u.Scheme == "mlflow-artifacts" {
		m.store = strings.Trim(u.Path, "/")
	}
	return m.settings()
}

// experiment is the one of MLFLOW_EXPERIMENT_NAME, or msflow; it is made if there is none.
func (m *mlflow) experiment() (id string, err error) {
	name := os.Getenv("MLFLOW_EXPERIMENT_NAME")
	if name == "" {
		name = "msflow"
	}
	var found struct {
		Experiment struct {
			ID string `json:"experiment_id"`
		} `json:"experiment"`
	}
	err = m.call(http.MethodGet, "experiments/get-by-name?experiment_name="+url.QueryEscape(name), nil, &found)
	if status := (*refusal)(nil); errors.As(err, &status) && status.code == http.StatusNotFound {
		var made struct {
			ID string `json:"experiment_id"`
		}
		err = m.call(http.MethodPost, "experiments/create", map[string]any{"name": name}, &made)
		return made.ID, err
	}
	return found.Experiment.ID, err
}

// open finds the run of a training that is resumed, or makes one.
func (m *mlflow) open(experiment string) (run mlflowRun, err error) {
	if m.run.Resumed {
		var found struct {
			Runs []mlflowRun `json:"runs"`
		}
		err := m.call(http.MethodPost, "runs/search", map[string]any{
			"experiment_ids": []string{experiment}, "filter": fmt.Sprintf("tags.`%s` = '%s'", tagged, m.run.ID),
			"max_results": 1, "order_by": []string{"start_time DESC"},
		}, &found)
		if err != nil {
			return run, err
		}
		if len(found.Runs) > 0 {
			run = found.Runs[0]
			return run, m.call(http.MethodPost, "runs/update", map[string]any{"run_id": run.Info.ID, "status": "RUNNING"}, nil)
		}
	}
	var made struct {
		Run mlflowRun `json:"run"`
	}
	name := filepath.Base(m.run.Folder)
	err = m.call(http.MethodPost, "runs/create", map[string]any{
		"experiment_id": experiment, "run_name": name, "start_time": time.Now().UnixMilli(), "tags": []map[string]string{
			{"key": tagged, "value": m.run.ID}, {"key": "msflow.data", "value": m.run.Data}, {"key": "mlflow.runName", "value": name},
		},
	}, &made)
	return made.Run, err
}

// Limits of a batch and of a parameter's value, of servers old and new.
const (
	mostParams  = 100
	longestText = 500
)

func (m *mlflow) settings() error {
	var params []map[string]string
	for _, k := range slices.Sorted(maps.Keys(m.run.Settings)) {
		if v := m.run.Settings[k]; v != "" {
			params = append(params, map[string]string{"key": k, "value": strings.ToValidUTF8(v[:min(len(v), longestText)], "")})
		}
	}
	for some := range slices.Chunk(params, mostParams) {
		if err := m.call(http.MethodPost, "runs/log-batch", map[string]any{"run_id": m.id, "params": some}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (m *mlflow) metrics(epoch int, at time.Time, values map[string]float64) error {
	if m.id == "" { // it could not be started before
		if err := m.start(epoch); err != nil {
			return err
		}
	}
	var list []map[string]any
	for _, k := range slices.Sorted(maps.Keys(values)) {
		list = append(list, map[string]any{"key": k, "value": values[k], "timestamp": at.UnixMilli(), "step": epoch})
	}
	return m.call(http.MethodPost, "runs/log-batch", map[string]any{"run_id": m.id, "metrics": list}, nil)
}

// figure sends a picture where the server takes them itself.
func (m *mlflow) figure(name string, png []byte) error {
	if m.store == "" {
		return nil
	}
	path := "/api/2.0/mlflow-artifacts/artifacts/" + m.store + "/" + url.PathEscape(name+".png")
	return m.send(http.MethodPut, path, "image/png", png, nil)
}

func (m *mlflow) end(failed bool) error {
	if m.id == "" {
		return nil
	}
	status := "FINISHED"
	if failed {
		status = "KILLED"
	}
	return m.call(http.MethodPost, "runs/update", map[string]any{"run_id": m.id, "status": status, "end_time": time.Now().UnixMilli()}, nil)
}

func (m *mlflow) call(method, path string, body, answer any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return m.send(method, "/api/2.0/mlflow/"+path, "application/json", content, answer)
}

// refusal is an answer other than 200.
type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string { return fmt.Sprintf("MLflow answers %d: %s", r.code, r.text) }

// longestAnswer bounds what is read of an answer.
const longestAnswer = 1 << 20

func (m *mlflow) send(method, path, kind string, content []byte, answer any) error {
	q, err := http.NewRequest(method, m.server+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", kind)
	if token := os.Getenv("MLFLOW_TRACKING_TOKEN"); token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	} else if user := os.Getenv("MLFLOW_TRACKING_USERNAME"); user != "" {
		q.SetBasicAuth(user, os.Getenv("MLFLOW_TRACKING_PASSWORD"))
	}
	r, err := m.client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(io.LimitReader(r.Body, longestAnswer))
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusOK {
		return &refusal{r.StatusCode, strings.Join(strings.Fields(string(text[:min(len(text), 300)])), " ")}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
