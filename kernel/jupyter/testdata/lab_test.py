"""Drives JupyterLab in headless Chromium as a person would. Usage: lab_test.py FOLDER, with JUPYTER_PATH set to the kernel.

Screenshots go to FOLDER. Needs jupyterlab, playwright and Debian's chromium.
"""
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect, sync_playwright

folder = sys.argv[1]
root = os.path.join(folder, "notebooks")  # what JupyterLab shows
os.makedirs(root)
for variable in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTER_RUNTIME_DIR"):
    os.environ[variable] = os.path.join(folder, variable)  # the user's own stay as they are
CELLS = [
    "data := must(datasets.Synthetic(datasets.Size(128), datasets.Counts(48, 8, 16)))\ndata",
    'det := must(detector.New(detector.Config{Backbone: "efficientnet_lite0", Blocks: []int{1, 2, 4}}))\n'
    "must(det.Fit(ctx, data.Train, detector.Epochs(40), detector.LearningRate(1e-3)))",
    "res := must(det.Test(ctx, data.Test))\nres",
    "plots.ROC(res)",
    "plots.Maps(res, plots.Best(3))",
    'bar := display.Progress(50, "working")\nfor range 50 { time.Sleep(40*time.Millisecond); bar.Add(1) }\nbar.Finish()\nfmt.Println("all done")',
]
cells = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": c} for i, c in enumerate(CELLS)]
notebook = {
    "cells": cells, "nbformat": 4, "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "msflow", "display_name": "Go (MSFlow)", "language": "go"}},
}
with open(os.path.join(root, "gears.ipynb"), "w") as f:
    json.dump(notebook, f)

with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
log = open(os.path.join(folder, "lab.log"), "w")
server = subprocess.Popen(
    [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1", "--IdentityProvider.token=",
     "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={root}", "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
    stdout=log, stderr=log)


def wait_for_server():
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=2)
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("JupyterLab did not start: " + open(log.name).read()[-2000:])


def menu(page, top, *items):
    page.get_by_role("menuitem", name=top, exact=True).first.click()
    for item in items:
        page.locator(".lm-Menu-item", has_text=re.compile(item)).last.click()


def outputs(page, i):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(i).locator(".jp-OutputArea-output")


def shot(page, name):
    page.screenshot(path=os.path.join(folder, name))


def new_cell(page, code):
    """Types code into a new last cell, as a person does."""
    page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.type(code)


def error_is_coloured(page):
    new_cell(page, 'x := 1\nfmt.Println(x + "a")')
    page.keyboard.press("Control+Enter")
    error = page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").last
    expect(error.filter(has_text="mismatched types")).to_be_attached(timeout=10_000)
    assert error.locator("span[class*=ansi-red]").count() > 0


def run(page):
    wait_for_server()
    page.goto(f"http://127.0.0.1:{port}/lab/tree/gears.ipynb?reset")
    page.locator(".jp-Notebook .jp-CodeCell").nth(len(CELLS) - 1).wait_for(timeout=60_000)
    expect(page.locator(".jp-KernelName").or_(page.locator(".jp-Toolbar-kernelName")).first).to_contain_text("Go (MSFlow)", timeout=30_000)

    try:  # the question whether one wants news
        page.get_by_role("button", name="No", exact=True).click(timeout=3000)
    except PlaywrightTimeout:
        pass
    page.keyboard.press("Control+b")  # the file browser goes away
    menu(page, "Run", "^Run All Cells")
    # Half-way through training: the bar moves and the curves grow.
    expect(outputs(page, 1).locator("progress").first).to_be_visible(timeout=60_000)
    expect(outputs(page, 1).filter(has_text=re.compile("epoch 1[5-9]/40")).locator("svg").first).to_be_attached(timeout=180_000)
    before = outputs(page, 1).locator("progress").first.get_attribute("value")
    outputs(page, 1).first.evaluate("e => e.scrollIntoView({block: 'end'})")
    shot(page, "jupyterlab.png")
    page.wait_for_function("b => document.querySelector('.jp-Notebook progress')?.value != b", arg=float(before), timeout=30_000)
    expect(outputs(page, 5).filter(has_text="working").first).to_be_visible(timeout=120_000)
    page.locator(".jp-Notebook .jp-CodeCell").nth(5).scroll_into_view_if_needed()
    shot(page, "progress.png")
    expect(outputs(page, 5).filter(has_text="all done").first).to_be_visible(timeout=60_000)
    expect(outputs(page, 1).filter(has_text="trained 40 epochs").first).to_be_attached()
    expect(outputs(page, 1).locator("progress")).to_have_count(0)
    page.locator(".jp-Notebook .jp-CodeCell").nth(2).scroll_into_view_if_needed()
    time.sleep(1)
    shot(page, "results.png")
    for i, what in ((0, "table"), (2, "table"), (3, "svg, img"), (4, "img")):
        expect(outputs(page, i).locator(what).first).to_be_attached()

    new_cell(page, "strings.ToUpperS")
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item").first.wait_for(timeout=10_000)
    page.keyboard.press("Enter")
    expect(page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content")).to_contain_text("strings.ToUpperSpecial", timeout=10_000)
    new_cell(page, "strings.To")
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item").first.wait_for(timeout=10_000)
    shot(page, "completion.png")
    names = page.locator(".jp-Completer-item").all_inner_texts()
    assert any("ToUpper" in n for n in names), names
    page.keyboard.press("Escape")
    new_cell(page, "strings.ToUpper")
    page.keyboard.press("Shift+Tab")
    page.locator(".jp-Tooltip").wait_for(timeout=10_000)
    shot(page, "tooltip.png")
    assert "func strings.ToUpper(s string) string" in page.locator(".jp-Tooltip").inner_text()
    page.keyboard.press("Escape")

    new_cell(page, "kept := 7\nfor {}")
    page.keyboard.press("Shift+Enter")
    time.sleep(1)
    menu(page, "Kernel", "^Interrupt Kernel")
    expect(page.locator(".jp-OutputArea-output").filter(has_text=re.compile("interrupt", re.I)).last).to_be_attached(timeout=10_000)
    new_cell(page, "kept * 6")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-OutputArea-output").filter(has_text="42").last).to_be_attached(timeout=10_000)

    error_is_coloured(page)
    menu(page, "Settings", "^Theme", "^JupyterLab Dark$")
    time.sleep(1)
    shot(page, "dark_end.png")
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).scroll_into_view_if_needed()
    time.sleep(1)
    shot(page, "dark.png")

    menu(page, "Kernel", "^Restart Kernel and Run All")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(outputs(page, 5).filter(has_text="all done").first).to_be_visible(timeout=180_000)


try:
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=[
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        try:
            run(page)
        except Exception:
            shot(page, "failure.png")
            raise
        browser.close()
finally:
    server.terminate()
    server.wait(20)
print("ok")
