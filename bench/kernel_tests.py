"""jupyter_kernel_test for the kernel named by BENCH_KERNEL; prints how many of its tests pass. Part of kernel.py."""
import os
import unittest

import jupyter_kernel_test

jupyter_kernel_test.TIMEOUT = 20
name = os.environ["BENCH_KERNEL"]
python = name == "ipykernel"
main = "%%\n" if name == "gonb" else ""
show = {"gonb": "%%%%\ngonbui.Display%s(%s)"}.get(name)


class Tests(jupyter_kernel_test.KernelTests):
    kernel_name = name
    language_name = "python" if python else "go"
    file_extension = ".py" if python else ".go"
    code_hello_world = 'print("hello, world")' if python else main + 'import "fmt"\nfmt.Println("hello, world")' if not main else '%%\nfmt.Println("hello, world")'
    code_stderr = "import sys; print('x', file=sys.stderr)" if python else main + 'import "os"\nimport "fmt"\nfmt.Fprintln(os.Stderr, "oops")' if not main else '%%\nfmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [{"text": "zi", "matches": {"zip"}}] if python else [{"text": "strings.ToUpperS", "matches": {"ToUpperSpecial"}}]
    complete_code_samples = ["1", "x = 1"] if python else ["1", "x := 1"]
    incomplete_code_samples = ["for i in range(3):"] if python else ["for {", "func f() int {"]
    invalid_code_samples = ["import = 7q"] if python else ["for }"]
    code_page_something = "zip?" if python else "?fmt.Println"
    code_generate_error = "1/0" if python else main + "var none []int; _ = none[3]"
    code_execute_result = [{"code": "6*7", "result": "42"}]
    code_display_data = [
        {"code": "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))", "mime": "text/html"} if python else
        {"code": '%%\ngonbui.DisplayHTML("<b>x</b>")', "mime": "text/html"} if main else
        {"code": 'Display(display.HTML("<b>x</b>"))', "mime": "text/html"}]
    code_history_pattern = "6*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip" if python else "strings.ToUpper"
    code_clear_output = "from IPython.display import clear_output; clear_output()" if python else "display.ClearOutput()"


suite = unittest.defaultTestLoader.loadTestsFromTestCase(Tests)
total = suite.countTestCases()
result = unittest.TestResult()
suite.run(result)
bad = {t.id().split()[0] for t, _ in result.failures + result.errors + result.skipped}
print("passed", result.testsRun - len({b for b in bad}), "of", total) if result.testsRun else print("passed 0 of", total)
for t, why in result.failures + result.errors + result.skipped:
    print("--", t, why.strip().splitlines()[-1])
