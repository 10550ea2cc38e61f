"""Drives the sockets of libzmq_test.go from real libzmq.

Arguments: the endpoints of the ROUTER, XPUB and REP sockets. The ROUTER sends
every message back; a message "publish" makes the XPUB publish what follows.
"""
import sys
import zmq

router, xpub, rep = sys.argv[1:]
ctx = zmq.Context()


def socket(kind, endpoint, **options):
    s = ctx.socket(kind)
    s.linger = 0
    s.rcvtimeo = 5000
    for name, value in options.items():
        setattr(s, name, value)
    s.connect(endpoint)
    return s


def equal(got, want):
    assert got == want, f"got {got[:5]!r}, want {want[:5]!r}"


# DEALER, with and without identity; sizes around the frame formats' limits.
for options in ({}, {"identity": b"lab-1"}):
    d = socket(zmq.DEALER, router, **options)
    for n in (0, 1, 255, 256, 70000, 5_000_000):
        parts = [b"<IDS|MSG>", b"x" * n, b"", b"end"]
        d.send_multipart(parts)
        equal(d.recv_multipart(), parts)
    # Many at once, order kept.
    for i in range(2000):
        d.send_multipart([b"%d" % i, b"y" * 50])
    for i in range(2000):
        equal(d.recv_multipart(), [b"%d" % i, b"y" * 50])
    d.close()

# The same identity again at once, as after a reconnect.
a = socket(zmq.DEALER, router, identity=b"lab-1")
b = socket(zmq.DEALER, router, identity=b"lab-2")
for s, text in ((a, b"a"), (b, b"b")):
    s.send(text)
    equal(s.recv_multipart(), [text])

# REQ on the heartbeat.
h = socket(zmq.REQ, rep)
for i in range(100):
    h.send(b"ping%d" % i)
    equal(h.recv(), b"ping%d" % i)

# SUB: the welcome shows that the subscription is in place.
everything = socket(zmq.SUB, xpub)
everything.subscribe(b"")
equal(everything.recv_multipart(), [b"", b"welcome"])
topic = socket(zmq.SUB, xpub)
topic.subscribe(b"stream")
equal(topic.recv_multipart(), [b"stream", b"welcome"])
for t in (b"status", b"stream.stdout", b"stream.stderr"):
    a.send_multipart([b"publish", t, b"z" * 1000])
    equal(a.recv_multipart(), [b"publish", t, b"z" * 1000])
for t in (b"status", b"stream.stdout", b"stream.stderr"):
    equal(everything.recv_multipart(), [t, b"z" * 1000])
for t in (b"stream.stdout", b"stream.stderr"):
    equal(topic.recv_multipart(), [t, b"z" * 1000])
topic.unsubscribe(b"stream")
topic.subscribe(b"other")
equal(topic.recv_multipart(), [b"other", b"welcome"])
a.send_multipart([b"publish", b"stream", b""])
a.recv_multipart()
a.send_multipart([b"publish", b"other", b"mine"])
equal(topic.recv_multipart(), [b"other", b"mine"])

# libzmq's own ZMTP heartbeats: PING is answered, the connection lives on.
k = socket(zmq.DEALER, router, heartbeat_ivl=50, heartbeat_timeout=200, heartbeat_ttl=300)
monitor = k.get_monitor_socket(zmq.EVENT_DISCONNECTED)
k.send(b"x")
equal(k.recv_multipart(), [b"x"])
assert not monitor.poll(700), "libzmq gave the connection up: PING not answered"
k.send(b"y")
equal(k.recv_multipart(), [b"y"])
k.disable_monitor()

print("ok", zmq.zmq_version())
ctx.destroy(linger=0)
