package durable

// Step is something that a disk may refuse.
type Step string

// The steps of this package, in the order in which a file goes through them.
const (
	Folder     Step = "make a folder"
	Create     Step = "create"
	Bytes      Step = "write"
	Sync       Step = "sync"
	Close      Step = "close"
	Move       Step = "rename"
	SyncFolder Step = "sync a folder"
)

// fault is nil but in tests.
var fault func(step Step, path string) error

// Inject has a test asked before every step of this package, whose error takes the step's place, until restore is called. Nothing else
// may be writing when either is called.
func Inject(f func(step Step, path string) error) (restore func()) {
	fault = f
	return func() { fault = nil }
}

func ask(step Step, path string) error {
	if fault == nil {
		return nil
	}
	return fault(step, path)
}
