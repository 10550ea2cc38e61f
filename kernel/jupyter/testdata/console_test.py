"""jupyter console in a pseudo-terminal."""
import re
import sys

import pexpect

term = pexpect.spawn(
    sys.executable, ["-m", "jupyter_console", "--kernel", "msflow", "--ZMQTerminalInteractiveShell.simple_prompt=True"],
    encoding="utf-8", timeout=60, dimensions=(40, 120),
)
ansi = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run(code, *expected):
    for line in code.split("\n"):
        term.sendline(line)
    for e in expected:
        term.expect_exact(e)
    term.expect(r"In \[\d+\]: ")


try:
    term.expect(r"Go 1\.\d+.* \(MSFlow")
    term.expect(r"In \[\d+\]: ")
    run("x := 20", )
    run("x * 2 + 2", "Out[", "42")
    run('fmt.Println("from", "go")', "from go")
    run("undefinedName", "undefined: undefinedName")
    run("panic(\"boom\")", "boom")
    # input from a cell
    term.sendline('var name string; fmt.Print("who? "); fmt.Scan(&name); fmt.Println("hello", name)')
    term.expect_exact("who? ")
    term.sendline("Gopher")
    term.expect_exact("hello Gopher")
    term.expect(r"In \[\d+\]: ")
    # interrupt keeps the state
    term.sendline('fmt.Println("spin"); for { }')
    term.expect_exact("spin")
    term.expect_exact("spin")
    term.sendintr()
    term.expect("(?i)interrupt")
    term.expect(r"In \[\d+\]: ")
    run("x", "20")
    term.sendeof()
    if term.expect([pexpect.EOF, r"exit"]) == 1:
        term.sendline("y")
        term.expect(pexpect.EOF)
except (pexpect.TIMEOUT, pexpect.EOF) as e:
    print(ansi.sub("", term.before if isinstance(term.before, str) else repr(term.before))[-3000:])
    raise SystemExit(f"console: {type(e).__name__} {str(e)[-1500:]}")
print("ok")
