"""jupyter nbconvert --execute to HTML; Go is highlighted as Go."""
import pathlib
import subprocess
import sys

import nbformat

folder = pathlib.Path(sys.argv[1])
nb = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "msflow", "display_name": "", "language": "go"}})
nb.cells = [
    nbformat.v4.new_markdown_cell("# Title"),
    nbformat.v4.new_code_cell('func Answer() int { return 42 }\nfmt.Println("answer", Answer())'),
]
nbformat.write(nb, folder / "nb.ipynb")


def nbconvert(*args):
    subprocess.run([sys.executable, "-m", "nbconvert", *args], cwd=folder, check=True)


# In two steps: nbconvert chooses the highlighter before it executes, from what
# the notebook says of its language, and a notebook that never ran says nothing.
nbconvert("--to", "notebook", "--execute", "--inplace", "nb.ipynb")
nbconvert("--to", "html", "--execute", "--template", "lab", "nb.ipynb")
html = (folder / "nb.html").read_text()
assert "answer 42" in html
# `func` and `return` are keywords (k…) and Answer a function name of Go's lexer.
assert '<span class="kd">func</span>' in html, [line for line in html.splitlines() if "func" in line][:3]
assert '<span class="k">return</span>' in html
assert 'class="err"' not in html
print("ok")
