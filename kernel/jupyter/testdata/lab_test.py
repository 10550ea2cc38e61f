"""Drives JupyterLab in headless Chromium as a person would. Usage: lab_test.py FOLDER, where screenshots go, too."""
import re
import sys
import time

from lab import Lab, expect, menu, outputs

CELLS = [
    "data := must(datasets.Synthetic(datasets.Size(128), datasets.Counts(48, 8, 16)))\ndata",
    'det := must(detector.New(detector.Config{Backbone: "efficientnet_lite0", Blocks: []int{1, 2, 4}}))\n'
    "must(det.Fit(ctx, data.Train, detector.Epochs(40), detector.LearningRate(1e-3)))",
    "res := must(det.Test(ctx, data.Test))\nres",
    "plots.ROC(res)",
    "plots.Maps(res, plots.Best(3))",
    'bar := display.Progress(50, "working")\nfor range 50 { time.Sleep(40*time.Millisecond); bar.Add(1) }\nbar.Finish()\nfmt.Println("all done")',
]
LAB = Lab(sys.argv[1], "gears", CELLS)


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
    menu(page, "Run", "^Run All Cells")
    # Half-way through training: the bar moves and the curves grow.
    expect(outputs(page, 1).locator("progress").first).to_be_visible(timeout=60_000)
    expect(outputs(page, 1).filter(has_text=re.compile("epoch 1[5-9]/40")).locator("svg").first).to_be_attached(timeout=180_000)
    before = outputs(page, 1).locator("progress").first.get_attribute("value")
    outputs(page, 1).first.evaluate("e => e.scrollIntoView({block: 'end'})")
    LAB.shot(page, "jupyterlab.png")
    page.wait_for_function("b => document.querySelector('.jp-Notebook progress')?.value != b", arg=float(before), timeout=30_000)
    expect(outputs(page, 5).filter(has_text="working").first).to_be_visible(timeout=120_000)
    page.locator(".jp-Notebook .jp-CodeCell").nth(5).scroll_into_view_if_needed()
    LAB.shot(page, "progress.png")
    expect(outputs(page, 5).filter(has_text="all done").first).to_be_visible(timeout=60_000)
    expect(outputs(page, 1).filter(has_text="trained 40 epochs").first).to_be_attached()
    expect(outputs(page, 1).locator("progress")).to_have_count(0)
    page.locator(".jp-Notebook .jp-CodeCell").nth(2).scroll_into_view_if_needed()
    time.sleep(1)
    LAB.shot(page, "results.png")
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
    LAB.shot(page, "completion.png")
    names = page.locator(".jp-Completer-item").all_inner_texts()
    assert any("ToUpper" in n for n in names), names
    page.keyboard.press("Escape")
    new_cell(page, "strings.ToUpper")
    page.keyboard.press("Shift+Tab")
    page.locator(".jp-Tooltip").wait_for(timeout=10_000)
    LAB.shot(page, "tooltip.png")
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
    LAB.shot(page, "dark_end.png")
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).scroll_into_view_if_needed()
    time.sleep(1)
    LAB.shot(page, "dark.png")

    menu(page, "Kernel", "^Restart Kernel and Run All")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(outputs(page, 5).filter(has_text="all done").first).to_be_visible(timeout=180_000)


LAB.drive(run)
print("ok")
