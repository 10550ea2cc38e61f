"""Runs notebooks made for gophernotes, unchanged, on this kernel. Usage: gophernotes_test.py NOTEBOOK..."""
import sys

import nbclient
import nbformat


def produced(cell):
    found = set()
    for o in cell.outputs:
        if o.output_type == "stream":
            found.add(o.name + ":" + o.text)
        elif o.output_type in ("display_data", "execute_result"):
            found |= set(o.data)
    return found


for file in sys.argv[1:]:
    nb = nbformat.read(file, 4)
    nbclient.NotebookClient(nb, kernel_name="msflow", timeout=60).execute()
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        wants = cell.metadata.get("wants", "")
        found = produced(cell)
        if wants.startswith("stdout:"):
            assert any(f.startswith("stdout:") and wants[7:] in f for f in found), (cell.source, found)
        else:
            assert set(wants.split()) <= found, (cell.source, found)
            assert "wants" not in cell.metadata or wants or not found, (cell.source, found)
    print("ok", file)
