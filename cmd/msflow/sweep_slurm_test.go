//go:build unix

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/msflow-go/msflow/lib/sweep"
)

// cluster is a real Slurm on this machine: a controller and two nodes of one core on loopback.
type cluster struct {
	t    *testing.T
	dir  string
	host string
}

// startCluster needs Debian's slurm-wlm and munge, and root.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to run a sweep on a real Slurm")
	}
	for _, program := range []string{"slurmctld", "slurmd", "munged", "sbatch"} {
		if _, err := exec.LookPath(program); err != nil || os.Getuid() != 0 {
			t.Skipf("a cluster needs root, and slurm-wlm and munge of Debian: %v", err)
		}
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "slurm") // short: sockets' names are
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t, dir, strings.SplitN(host, ".", 2)[0]}
	t.Cleanup(c.stop)
	key := make([]byte, 1024)
	rand.Read(key)
	c.write("munge.key", string(key))
	c.write("slurm.conf", c.conf())
	if err := os.Mkdir(c.file("state"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", c.file("slurm.conf"))
	c.do("munged", "--force", "--key-file="+c.file("munge.key"), "--socket="+c.file("munge.sock"), "--pid-file="+c.file("munged.pid"),
		"--log-file="+c.file("munged.log"), "--seed-file="+c.file("munge.seed"))
	c.do("slurmctld")
	for _, node := range []string{"n1", "n2"} {
		c.do("slurmd", "-N", node)
	}
	for range 60 {
		if out, _ := exec.Command("sinfo", "--noheader", "--format=%t %D").Output(); strings.TrimSpace(string(out)) == "idle 2" {
			return c
		}
		time.Sleep(time.Second)
	}
	t.Fatal("the nodes do not come up")
	return nil
}

func (c *cluster) file(name string) string { return filepath.Join(c.dir, name) }

func (c *cluster) write(name, text string) {
	if err := os.WriteFile(c.file(name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) conf() string {
	return fmt.Sprintf(`ClusterName=proof
SlurmctldHost=%[2]s(127.0.0.1)
SlurmctldPort=27817
AuthType=auth/munge
AuthInfo=socket=%[1]s/munge.sock
SlurmUser=root
SlurmdUser=root
StateSaveLocation=%[1]s/state
SlurmdSpoolDir=%[1]s/spool-%%n
SlurmctldPidFile=%[1]s/controller.pid
SlurmdPidFile=%[1]s/%%n.pid
SlurmctldLogFile=%[1]s/controller.log
SlurmdLogFile=%[1]s/%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=sched_interval=2
SlurmdTimeout=15
SlurmctldTimeout=15
MpiDefault=none
NodeName=n1 NodeHostname=%[2]s NodeAddr=127.0.0.1 Port=27818 CPUs=1 RealMemory=2000 State=UNKNOWN
NodeName=n2 NodeHostname=%[2]s NodeAddr=127.0.0.1 Port=27819 CPUs=1 RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
`, c.dir, c.host)
}

func (c *cluster) do(name string, args ...string) string {
	c.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

// kill ends a daemon by its file.
func (c *cluster) kill(name string) {
	text, err := os.ReadFile(c.file(name + ".pid"))
	if pid, wrong := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && wrong == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func (c *cluster) stop() {
	_ = exec.Command("scancel", "--name=msflow-sweep").Run()
	for _, name := range []string{"n1", "n2", "controller", "munged"} {
		c.kill(name)
	}
	_ = os.RemoveAll(c.dir)
}

// running are the array tasks that run now, as JOB_TASK.
func (c *cluster) running() []string {
	return strings.Fields(c.do("squeue", "--noheader", "--array", "--states=RUNNING", "--name=msflow-sweep", "--format=%i"))
}

// A task that is cancelled, one that is put back into the queue and a node that dies cost nothing: the table is the local one,
// to the byte.
func TestSweepOnSlurm(t *testing.T) {
	c := startCluster(t)
	file, folder := writePlan(t, `
grid:
  class: [gear, fabric, wood]
  model: [msflow, gaussian]
  seed: [1, 2, 3]
  counts: "8,4,4"
flags: {size: 64}
`)
	must(t, "sweep", file, "--jobs", "1")
	want := must(t, "table", folder, "--format", "csv")

	other := filepath.Join(t.TempDir(), "cluster")
	cmd := exec.Command(os.Args[0], "sweep", file, "--out", other, "--on", "slurm")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tasks := c.running()
	for len(tasks) < 2 {
		time.Sleep(200 * time.Millisecond)
		tasks = c.running()
	}
	time.Sleep(2 * time.Second) // in the middle
	c.do("scancel", tasks[0])
	_ = exec.Command("scontrol", "requeue", tasks[1]).Run()
	for len(c.running()) == 0 {
		time.Sleep(200 * time.Millisecond)
	}
	c.kill("n1")
	time.Sleep(3 * time.Second)
	c.do("slurmd", "-N", "n1")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	t.Log(log.String())
	if got := must(t, "table", other, "--format", "csv"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for range 100 { // the job that makes the table comes last
		if _, err := os.Stat(filepath.Join(other, "table.md")); err == nil {
			return
		}
		time.Sleep(300 * time.Millisecond)
	}
	points, _ := sweep.Folder(other).Points()
	t.Errorf("no table.md beside %d points", len(points))
}
