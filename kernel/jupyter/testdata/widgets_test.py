"""Moves widgets in JupyterLab in headless Chromium. Usage: widgets_test.py FOLDER, where screenshots go, too."""
import re
import sys
import time

from lab import Lab, expect, menu, outputs

CELLS = [
    'n := widgets.IntSlider("n", 0, 10, 5)\nn.OnChange(func(v int) { fmt.Println("moved to", v) })\nn',
    """a, b := widgets.FloatSlider("a", 0, 1, 0.3), widgets.FloatText("b", 0)
gray := image.NewGray(image.Rect(0, 0, 40, 40))
list := widgets.GridBox(3,
	a, b, widgets.FloatLogSlider("log", 0.01, 100, 1),
	widgets.IntRangeSlider("range", 0, 10, 2, 5), widgets.FloatRangeSlider("range", 0, 1, 0.2, 0.5), widgets.IntText("int", 4),
	widgets.BoundedIntText("0 to 5", 0, 5, 3), widgets.BoundedFloatText("0 to 5", 0, 5, 2.5), widgets.Checkbox("checkbox", true),
	widgets.ToggleButton("toggle", true), widgets.Valid("valid", true), widgets.Text("text", "a line"),
	widgets.Textarea("lines", "two\\nlines"), widgets.Password("password"), widgets.Combobox("combo", "one", []string{"one", "two"}),
	widgets.HTML("<b>bold</b>"), widgets.HTMLMath("$x^2$"), widgets.Label("label"),
	widgets.ColorPicker("colour", "#ff0000"), widgets.Button("button"), widgets.Image(gray),
	widgets.Dropdown("dropdown", "x", "y"), widgets.RadioButtons("radio", "x", "y"), widgets.Select("select", "x", "y"),
	widgets.SelectMultiple("several", "x", "y"), widgets.SelectionSlider("slider", "x", "y"), widgets.ToggleButtons("toggles", "x", "y"),
	widgets.Play(0, 10))
link := widgets.Link(a, "value", b, "value")
bars := widgets.HBox(widgets.IntProgress("int", 10), widgets.FloatProgress("float", 1))
bars.Children()[0].Set("value", 4)
bars.Children()[1].Set("value", 0.7)
widgets.VBox(list, bars,
	widgets.Tab(widgets.Page{"first", widgets.Label("page one")}, widgets.Page{"second", widgets.Label("page two")}),
	widgets.Accordion(widgets.Page{"fold", widgets.Label("folded")}))""",
    """widgets.Interact(func(phase float64, name string) *plots.Figure {
	values := make([]float32, 64*64)
	for i := range values { values[i] = float32(math.Sin(phase + float64(i%64)/8) * math.Cos(float64(i/64)/8)) }
	return plots.HeatMap(values, 64, 64, plots.Title(name))
}, widgets.Named("phase", []float64{0, 6, 0.1}), widgets.Named("name", []string{"first", "second"}))""",
    'box := widgets.Output()\nbutton := widgets.Button("press me", func() { box.Do(func() { fmt.Println("pressed", n.Value()) }) })\nwidgets.VBox(button, box)',
]
VIEWS = 28  # of the grid
LAB = Lab(sys.argv[1], "widgets", CELLS)


def run(page):
    menu(page, "Run", "^Run All Cells")
    slider = outputs(page, 0).locator(".widget-slider")
    expect(slider).to_be_visible(timeout=60_000)
    expect(outputs(page, 3).locator("button", has_text="press me")).to_be_visible(timeout=60_000)
    handle = slider.locator(".noUi-handle")
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(outputs(page, 0).filter(has_text="moved to 6")).to_be_attached(timeout=10_000)
    page.locator(".jp-Notebook .jp-CodeCell").nth(0).scroll_into_view_if_needed()
    LAB.shot(page, "slider.png")

    grid = outputs(page, 1).locator(".widget-gridbox").first
    expect(grid.locator(":scope > *")).to_have_count(VIEWS)
    assert grid.locator(".jupyter-widgets-error-widget, .jp-mod-error").count() == 0
    outputs(page, 1).first.scroll_into_view_if_needed()
    first = grid.locator(".widget-slider .noUi-handle").first
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(grid.locator("input[type=number]").first).to_have_value("0.31")  # by the link, in the front end
    outputs(page, 1).first.evaluate("e => e.scrollIntoView({block: 'start'})")
    time.sleep(1)
    LAB.shot(page, "grid.png")
    outputs(page, 1).first.evaluate("e => e.scrollIntoView({block: 'end'})")
    time.sleep(1)
    LAB.shot(page, "boxes.png")

    figure = outputs(page, 2).locator(".jp-OutputArea img, .jp-OutputArea svg").first
    expect(figure).to_be_attached(timeout=30_000)
    before = outputs(page, 2).first.inner_html()
    outputs(page, 2).first.evaluate("e => e.scrollIntoView({block: 'center'})")
    LAB.shot(page, "figure_before.png")
    outputs(page, 2).locator(".noUi-handle").first.focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("b => [...document.querySelectorAll('.jp-CodeCell')][2].querySelector('.jp-OutputArea-output').innerHTML != b", arg=before, timeout=20_000)
    outputs(page, 2).locator("select").select_option("second")
    time.sleep(3)
    LAB.shot(page, "figure_after.png")

    outputs(page, 3).locator("button", has_text="press me").click()
    expect(outputs(page, 3).filter(has_text="pressed 6").first).to_be_attached(timeout=10_000)
    outputs(page, 3).first.evaluate("e => e.scrollIntoView({block: 'end'})")
    LAB.shot(page, "button.png")

    page.keyboard.press("Control+s")
    time.sleep(2)
    page.reload()  # the page asks the kernel for all widgets
    slider = outputs(page, 0).locator(".widget-slider")
    expect(slider).to_be_visible(timeout=60_000)
    expect(outputs(page, 0).locator(".widget-readout")).to_have_text(re.compile("6"), timeout=30_000)
    LAB.shot(page, "reloaded.png")


LAB.drive(run)
print("ok")
