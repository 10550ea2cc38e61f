package transport

import (
	"net"
	"strings"
	"sync"
)

// Bounds of what one subscriber can make us remember.
const (
	maxSubscriptions = 256
	maxTopic         = 1024
)

// Publisher is an XPUB socket: it sends each message to the peers whose subscriptions are a prefix of its topic, the first
// frame.
type Publisher struct {
	*socket
	welcome func(topic string) [][][]byte

	mu   sync.Mutex
	subs map[*peer]struct{}
}

// NewPublisher serves an XPUB socket on l until Close. welcome, which may be nil, makes the messages sent to a peer, and
// to it alone, when it subscribes to a topic; it must not call the Publisher.
func NewPublisher(l net.Listener, limits Limits, welcome func(topic string) [][][]byte) *Publisher {
	p := &Publisher{
		socket:  newSocket("XPUB", l, limits),
		welcome: welcome,
		subs:    map[*peer]struct{}{},
	}
	p.left, p.onMsg, p.onCmd = p.remove, p.message, p.command
	p.serve()
	return p
}

// Publish queues frames for every subscriber of the topic in frames[0] and never blocks. For a subscriber that does not
// keep up, droppable messages are dropped when its queue is full; others are kept up to the hard limit, after which the
// subscriber is disconnected.
func (p *Publisher) Publish(frames [][]byte, droppable bool) {
	topic := string(frames[0])
	p.mu.Lock()
	defer p.mu.Unlock()
	var wire []byte // shared by all queues
	for sub := range p.subs {
		if !sub.wants(topic) {
			continue
		}
		if wire == nil {
			wire = wireMessage(frames)
		}
		p.send(sub, wire, droppable)
	}
}

// Subscribers is the number of peers with at least one subscription.
func (p *Publisher) Subscribers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.subs)
}

func (p *peer) wants(topic string) bool {
	for prefix := range p.subs {
		if strings.HasPrefix(topic, prefix) {
			return true
		}
	}
	return false
}

// message handles subscriptions as ZMTP 3.0 peers write them: a first byte 1 or 0, then the topic. Anything else from a
// subscriber is ignored.
func (p *Publisher) message(sub *peer, frames [][]byte, size int64) error {
	defer p.pending.give(size)
	if len(frames) != 1 || len(frames[0]) == 0 {
		return nil
	}
	topic := frames[0][1:]
	switch frames[0][0] {
	case 1:
		return p.subscribe(sub, topic)
	case 0:
		p.cancel(sub, string(topic))
	}
	return nil
}

// command handles subscriptions as ZMTP 3.1 peers write them.
func (p *Publisher) command(sub *peer, name string, topic []byte) error {
	switch name {
	case "SUBSCRIBE":
		return p.subscribe(sub, topic)
	case "CANCEL":
		p.cancel(sub, string(topic))
	}
	return nil
}

func (p *Publisher) subscribe(sub *peer, topic []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := string(topic)
	if len(t) > maxTopic || sub.subs[t] == 0 && len(sub.subs) >= maxSubscriptions {
		return errOversized
	}
	if sub.subs == nil {
		sub.subs = map[string]int{}
	}
	sub.subs[t]++
	p.subs[sub] = struct{}{}
	if p.welcome != nil && sub.subs[t] == 1 {
		for _, frames := range p.welcome(t) {
			p.send(sub, wireMessage(frames), false)
		}
	}
	return nil
}

func (p *Publisher) cancel(sub *peer, topic string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch sub.subs[topic] {
	case 0: // never subscribed
	case 1:
		delete(sub.subs, topic)
	default:
		sub.subs[topic]--
	}
	if len(sub.subs) == 0 {
		delete(p.subs, sub)
	}
}

func (p *Publisher) remove(sub *peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.subs, sub)
}
