"""Every magic, in a notebook's session. Usage: magics_test.py FOLDER"""
import os
import re
import sys

from jupyter_client.manager import start_new_kernel

os.chdir(sys.argv[1])
km, kc = start_new_kernel(kernel_name="msflow")


def run(code, ok=True):
    """The reply's content and all text of the outputs."""
    text = []

    def hook(m):
        c = m["content"]
        text.append(c.get("text") or c.get("data", {}).get("text/plain") or "\n".join(c.get("traceback", [])))

    reply = kc.execute_interactive(code, timeout=60, output_hook=hook)["content"]
    assert (reply["status"] == "ok") == ok, (code, reply)
    return reply, "".join(text)


def prints(code, pattern):
    _, text = run(code)
    assert re.search(pattern, text), (code, text)


def page(code, pattern):
    reply, _ = run(code)
    assert re.search(pattern, reply["payload"][0]["data"]["text/plain"]), (code, reply)


run("counter := 40\nfunc double(x int) int { return 2 * x }")
prints("%time counter += 2", r"ran in")
prints("counter", r"^42$")
prints("%%time\ncounter += 1\ncounter -= 1", r"ran in")
prints("%timeit double(3)", r"(ns|µs)")
prints("%who", r"counter")
prints("%whos", r"counter\s+var\s+int")
prints("%env MSFLOW_PROBE=yes\nfmt.Println(os.Getenv(\"MSFLOW_PROBE\"))", r"yes")
prints("%env MSFLOW_PROBE", r"yes")
prints("%%writefile sub.go\npackage main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() { fmt.Println(\"ran\", os.Args[1]) }", r"wrote sub.go")
assert open("sub.go").read().startswith("package main\n\nimport")
prints("%run sub.go there", r"^ran there")
os.mkdir("below")
run("%cd below")
prints("%pwd", r"/below")
run("%cd ..")
prints("%%bash\nfor i in 1 2; do echo shell $i; done", r"shell 1\nshell 2")
prints("!echo one line", r"one line")
run("!exit 3", ok=False)
page("?strings.ToUpper", r"func strings.ToUpper\(s string\) string")
page("??double", r"return 2 \* x")
prints("%%capture words\nfmt.Print(\"kept\")", r"^$")
prints("words", r'^"kept"$')
prints("%history -n 2", r"words")
prints("%save saved.go 1-2", r"wrote 2 inputs to saved.go")
assert "counter := 40" in open("saved.go").read()
reply, _ = run("%load sub.go")
assert reply["payload"][0]["source"] == "set_next_input" and "package main" in reply["payload"][0]["text"], reply
prints("%help", r"(?s)%capture.*%time.*%who")
_, text = run("%get no.such.host/module@v1.0.0", ok=False)
assert "no.such.host/module" in text, text
_, text = run("%nonsense", ok=False)
assert "%nonsense" in text, text
run("%reset")
_, text = run("counter", ok=False)
assert "undefined: counter" in text, text
prints("Display(display.HTML(\"<b>x</b>\"))", r"x")
kc.stop_channels()
km.shutdown_kernel()
print("ok")
