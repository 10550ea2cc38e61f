"""jupyter_kernel_test for the Go kernel."""
import unittest

import jupyter_kernel_test


class GoKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "msflow"
    language_name = "go"
    file_extension = ".go"

    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [
        {"text": "fmt.Printl", "matches": {"Println"}},
        {"text": "strings.ToUp", "matches": {"ToUpper", "ToUpperSpecial"}},
        {"text": "nosuchname_"},
    ]
    complete_code_samples = ["1", "x := 1", "for i := range 3 {\n}", 'fmt.Println("hi")', "// comment", ""]
    incomplete_code_samples = ["for i := range 3 {", "func f() int {\nreturn 1", 'fmt.Println("hi"', "x := `raw"]
    invalid_code_samples = ["for }", "x := := 1", "}"]
    code_page_something = "?fmt.Println"
    code_generate_error = "var none []int; none[3]"
    code_execute_result = [
        {"code": "6*7", "result": "42"},
        {"code": '"gr" + "ün"', "result": '"grün"'},
        {"code": "[]int{1, 2}", "result": "[]int{1, 2}"},
        {"code": "map[string]float64{\"b\": 2, \"a\": 1.5}", "result": 'map[string]float64{"a": 1.5, "b": 2}'},
        {"code": "struct{ X int }{3}", "result": "struct { X int }{X: 3}"},
        {"code": "[]struct{ A, B int }{{1, 2}}", "mime": "text/html"},
    ]
    code_display_data = [
        {"code": 'Display(display.HTML("<b>bold</b>"))', "mime": "text/html"},
        {"code": 'Display(display.Markdown("*m*"))', "mime": "text/markdown"},
        {"code": 'Display(display.Math("e^x"))', "mime": "text/latex"},
        {"code": "Display(image.NewGray(image.Rect(0, 0, 4, 4)))", "mime": "image/png"},
        {"code": 'Display(display.SVG("<svg/>"))', "mime": "image/svg+xml"},
        {"code": 'Display(display.JSON(map[string]any{"a": 1}))', "mime": "application/json"},
        {"code": "Display(1)", "mime": "text/plain"},
    ]
    code_history_pattern = "6*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "fmt.Println"
    code_clear_output = "display.ClearOutput()"


if __name__ == "__main__":
    unittest.main()
