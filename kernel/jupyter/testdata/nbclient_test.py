"""Runs a notebook through nbclient and looks at every output."""
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

CELLS = [
    # source, then what the outputs must be: (output_type, needle) pairs
    ("x := 20\nx + 1", [("execute_result", "21")]),
    ("type P struct{ X, Y int }\nfunc (p P) Sum() int { return p.X + p.Y }", []),
    ("P{x, 2}.Sum()", [("execute_result", "22")]),
    ('for i := range 3 { fmt.Println("line", i) }', [("stream", "line 0\nline 1\nline 2\n")]),
    ('fmt.Fprintln(os.Stderr, "warn")', [("stream", "warn")]),
    ("strings.ToUpper(\"x\");", []),
    ('h := display.New("first")\nfmt.Print("between")\nh.Update("second")', [("display_data", '"second"'), ("stream", "between")]),
    ('fmt.Print("gone")\ndisplay.ClearOutput()\nfmt.Print("kept")', [("stream", "kept")]),
    ("for range display.Range(50, \"train\") { }", [("display_data", "100%")]),
    ("[]P{{1, 2}, {3, 4}}", [("execute_result", "[]P{{X: 1, Y: 2}, {X: 3, Y: 4}}")]),
    ("%time time.Sleep(time.Millisecond)", [("stream", "ran in")]),
    ("!echo shell", [("stream", "shell\n")]),
]


def text(output):
    if output.output_type == "stream":
        return output.text
    return output.data["text/plain"]


nb = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "msflow", "display_name": "", "language": "go"}})
nb.cells = [nbformat.v4.new_code_cell(source) for source, _ in CELLS]
NotebookClient(nb, timeout=60).execute()
assert nb.metadata.language_info.name == "go", nb.metadata
for cell, (source, wanted) in zip(nb.cells, CELLS):
    outputs = [(o.output_type, text(o)) for o in cell.outputs]
    assert len(outputs) >= len(wanted) and (wanted or not outputs), (source, outputs)
    for (kind, got), (want_kind, needle) in zip(outputs, wanted):
        assert kind == want_kind and needle in got, (source, outputs)
    assert cell.execution_count, source

# An error stops the run; its traceback names the place.
bad = nbformat.v4.new_notebook()
bad.cells = [nbformat.v4.new_code_cell(s) for s in ("a := []int{}\n\na[7]", 'fmt.Println("never")')]
try:
    NotebookClient(bad, timeout=60, kernel_name="msflow").execute()
except CellExecutionError as e:
    assert "index out of range" in str(e), e
else:
    raise AssertionError("no error")
error = bad.cells[0].outputs
assert [o.output_type for o in error] == ["error"], error
assert error[0].ename == "Panic" and "\x1b" not in error[0].evalue, error
assert not bad.cells[1].outputs
print("ok")
