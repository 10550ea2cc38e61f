"""What jupyter_client sees: start, both transports, interrupt, restart, input, many cells."""
import sys
import time

from jupyter_client.manager import KernelManager

for transport in ("tcp", "ipc"):
    km = KernelManager(kernel_name="msflow", transport=transport)
    start = time.time()
    km.start_kernel()
    kc = km.client()
    kc.start_channels()
    kc.wait_for_ready(timeout=60)
    print(transport, "ready after %.2f s" % (time.time() - start))

    def run(code, **kw):
        outputs = []
        reply = kc.execute_interactive(code, timeout=60, output_hook=lambda m: outputs.append((m["msg_type"], m["content"])), **kw)
        return reply["content"], outputs

    reply, outputs = run("x := 41\nx + 1", user_expressions={"y": "x * 2", "bad": "nope"})
    assert reply["status"] == "ok", reply
    assert reply["user_expressions"]["y"]["data"]["text/plain"] == "82", reply
    assert reply["user_expressions"]["bad"]["status"] == "error", reply
    assert outputs[-2][1]["data"]["text/plain"] == "42", outputs

    # input
    reply, outputs = run('var s string\nfmt.Scanln(&s)\nfmt.Print("<"+s+">")', allow_stdin=True, stdin_hook=lambda m: kc.input("typed"))
    assert any("<typed>" in str(o) for o in outputs), outputs
    reply, _ = run("var t string; _, err := fmt.Scanln(&t); err", allow_stdin=False)

    # interrupt
    for endless in ("for { }", "select {}", "time.Sleep(time.Hour)", "<-make(chan int)"):
        msg_id = kc.execute(endless)
        time.sleep(0.3)
        begin = time.time()
        km.interrupt_kernel()
        while (reply := kc.get_shell_msg(timeout=30))["parent_header"]["msg_id"] != msg_id:
            pass
        assert reply["content"]["ename"] == "Interrupted", reply["content"]
        took = time.time() - begin
        assert took < 1, (endless, took)
        print("interrupted %s after %.0f ms" % (endless, 1000 * took))
    reply, outputs = run("x")
    assert outputs[-2][1]["data"]["text/plain"] == "41", outputs

    # restart forgets the state and gives a fresh kernel
    km.restart_kernel(now=False)
    kc.wait_for_ready(timeout=60)
    reply, _ = run("x")
    assert reply["status"] == "error" and "undefined: x" in reply["evalue"], reply
    assert reply["execution_count"] == 1, reply

    begin = time.time()
    kc.shutdown()
    km.finish_shutdown()
    print("ended after %.2f s" % (time.time() - begin))
    assert not km.is_alive()
    kc.stop_channels()
print("ok", file=sys.stderr)
