// Package jupyter is a Jupyter kernel: it answers the messages of a connection's clients by asking an evaluator of cells,
// and turns what cells produce into messages.
package jupyter

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/msflow-go/msflow/kernel/comm"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/protocol"
	"github.com/msflow-go/msflow/kernel/transport"
)

// Options are what a Kernel needs. Connection and Evaluator are required.
type Options struct {
	Connection *protocol.Connection
	Evaluator  engine.Evaluator
	History    *history.Log // default: in memory
	Version    string       // of the implementation
	Limits     transport.Limits
	OutputCap  int       // bytes of text a cell may print; default 32 MiB
	Log        io.Writer // where trouble is told; default io.Discard
	Greeting   string    // what the first cell's client is told, on standard error; may be empty
}

// Kernel serves one connection.
type Kernel struct {
	opts  Options
	eval  engine.Evaluator
	hist  *history.Log
	codec *protocol.Codec
	id    string // the kernel's own session

	shell, control, stdin *transport.Router
	iopub                 *transport.Publisher
	heartbeat             *transport.Echo

	queue   queue
	inputs  chan inputReply
	asking  sync.Mutex // one input_request at a time
	started atomic.Bool
	heard   sync.Once               // the first request has waited for a subscriber
	greeted sync.Once               // the first cell's client has been told Options.Greeting
	current atomic.Pointer[request] // what the shell goroutine serves just now
	counts  counts
	waiting sync.Map // sinks that hold text back for a moment

	ctx      context.Context // ends with Serve; cells run under it
	cancel   context.CancelFunc
	stop     chan bool // restart?
	readers  sync.WaitGroup
	count    int       // execution count; the shell goroutine's own
	abortTil time.Time // execute requests that arrived before this are aborted; likewise
}

// counts is what came in and was not served.
type counts struct{ frames, signature, unknown atomic.Int64 }

// Counts is what a kernel has dropped since it started.
type Counts struct {
	Frames                                  int64 // not a message, or with malformed JSON
	Signature                               int64 // wrongly signed, or sent again
	Unknown                                 int64 // of a type that is not known
	Shell, Control, Stdin, IOPub, Heartbeat transport.Counts
}

// Counts returns what the kernel has dropped so far.
func (k *Kernel) Counts() Counts {
	return Counts{
		Frames: k.counts.frames.Load(), Signature: k.counts.signature.Load(), Unknown: k.counts.unknown.Load(),
		Shell: k.shell.Counts(), Control: k.control.Counts(), Stdin: k.stdin.Counts(),
		IOPub: k.iopub.Counts(), Heartbeat: k.heartbeat.Counts(),
	}
}

// Listen opens the connection's sockets. Ports that are 0 in a tcp connection are chosen and filled in.
func Listen(o Options) (*Kernel, error) {
	o.History = cmp.Or(o.History, &history.Log{})
	o.OutputCap = cmp.Or(o.OutputCap, 32<<20)
	if o.Log == nil {
		o.Log = io.Discard
	}
	codec, err := protocol.NewCodec(o.Connection.Scheme, o.Connection.Key)
	if err != nil {
		return nil, err
	}
	k := &Kernel{
		opts: o, eval: o.Evaluator, hist: o.History, codec: codec, id: uuid.NewString(),
		inputs: make(chan inputReply, 16), stop: make(chan bool, 1),
	}
	if o.Connection.Key == "" {
		k.logf("the connection has no key: whoever can reach its ports can run code as %s", username())
	}
	k.queue.init()
	k.ctx, k.cancel = context.WithCancel(context.Background())
	if err := k.open(); err != nil {
		k.cancel()
		return nil, err
	}
	comm.Connect(k.sendComm)
	return k, nil
}

func (k *Kernel) open() error {
	c := k.opts.Connection
	ports := []*int{&c.Shell, &c.Control, &c.Stdin, &c.IOPub, &c.HB}
	names := []string{"shell", "control", "stdin", "iopub", "hb"}
	var listeners []net.Listener
	for i, port := range ports {
		l, err := transport.Listen(c.Endpoint(*port))
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return fmt.Errorf("%s_port: %w", names[i], err)
		}
		if addr, ok := l.Addr().(*net.TCPAddr); ok {
			*port = addr.Port
		}
		listeners = append(listeners, l)
	}
	k.control = transport.NewRouter(listeners[1], k.opts.Limits, nil)
	k.stdin = transport.NewRouter(listeners[2], k.opts.Limits, nil)
	k.iopub = transport.NewPublisher(listeners[3], k.opts.Limits, k.welcome)
	k.heartbeat = transport.NewEcho(listeners[4], k.opts.Limits)
	k.shell = transport.NewRouter(listeners[0], k.opts.Limits, k.enqueue) // last: it needs the others
	return nil
}

// NewKey is a random key for a connection file.
func NewKey() string { return rand.Text() }

// Serve answers requests until a shutdown_request, Stop or the end of ctx, and then closes the sockets. It reports whether
// the client means to start another kernel in this one's place.
func (k *Kernel) Serve(ctx context.Context) (restart bool) {
	k.readers.Go(func() { k.read(k.control, k.handle) })
	k.readers.Go(func() { k.read(k.stdin, k.takeInput) })
	k.readers.Go(k.work)
	select {
	case restart = <-k.stop:
	case <-ctx.Done():
	}
	k.close()
	return restart
}

// Stop makes Serve return.
func (k *Kernel) Stop() { k.shutdown(false) }

func (k *Kernel) shutdown(restart bool) {
	select {
	case k.stop <- restart:
	default:
	}
}

// linger is how long clients may take to read a kernel's last messages.
const linger = time.Second

// close ends running cells and closes the sockets. A cell that does not stop is left behind: the process is about to end.
func (k *Kernel) close() {
	k.cancel()
	k.eval.Interrupt()
	k.queue.close()
	var closing sync.WaitGroup
	closing.Go(func() { k.iopub.Close(linger) })
	closing.Go(func() { k.shell.Close(linger) })
	closing.Go(func() { k.control.Close(linger) })
	closing.Go(func() { k.stdin.Close(linger) })
	closing.Go(func() { k.heartbeat.Close(0) })
	closing.Wait()
	done := make(chan struct{})
	go func() {
		k.readers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(linger):
	}
}

func (k *Kernel) logf(format string, args ...any) {
	fmt.Fprintf(k.opts.Log, "msflow kernel: "+format+"\n", args...)
}

func username() string {
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"), "kernel")
}
