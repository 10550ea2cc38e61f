"""Jupyter's client and a kernel whose command line is the argument: results, output, an error, an interrupt, the end."""

import json
import os
import sys
import tempfile
import threading

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

folder = tempfile.mkdtemp()
os.makedirs(os.path.join(folder, "tried"))
with open(os.path.join(folder, "tried", "kernel.json"), "w") as f:
    json.dump({"argv": json.loads(sys.argv[1]), "display_name": "tried", "language": "go", "interrupt_mode": "message"}, f)
specs = KernelSpecManager(kernel_dirs=[folder])
manager = KernelManager(kernel_name="tried", kernel_spec_manager=specs)
manager.start_kernel()
try:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)

    def run(code):
        said = []
        reply = client.execute_interactive(code, timeout=120, allow_stdin=False, output_hook=said.append)
        return reply["content"]["status"], [m["content"] for m in said if m["msg_type"] not in ("status", "execute_input")]

    status, said = run("x := 6\nx * 7")
    assert status == "ok" and said[0]["data"]["text/plain"] == "42", (status, said)
    status, said = run('fmt.Println("hällo", x)')
    assert status == "ok" and said[0]["text"] == "hällo 6\n", (status, said)
    status, said = run("type point struct{ a int }\nfunc (p point) String() string { return fmt.Sprint(\"at \", p.a) }\nfmt.Println(point{3})")
    assert status == "ok" and said[0]["text"] == "at 3\n", (status, said)
    status, said = run("var s []int\ns[3]")
    assert status == "error" and "index out of range" in said[-1]["evalue"], (status, said)
    threading.Timer(2, manager.interrupt_kernel).start()
    status, said = run("for {\n}")
    assert status == "error", (status, said)
    status, said = run("x")
    assert status == "ok" and said[0]["data"]["text/plain"] == "6", (status, said)
    manager.shutdown_kernel()
    assert not manager.is_alive()
    print("the session went as it should")
finally:
    if manager.is_alive():
        manager.shutdown_kernel(now=True)
