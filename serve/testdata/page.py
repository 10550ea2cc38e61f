"""Uses the page as a person does: page.py URL TOKEN SCREENSHOT IMAGE... Prints what the page shows of each image, as JSON.

Needs playwright and Debian's chromium.
"""
import json
import sys

from playwright.sync_api import sync_playwright

url, token, screenshot, *images = sys.argv[1:]
with sync_playwright() as p:
    browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1100, "height": 800}, color_scheme="dark")
    errors, elsewhere = [], []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" and "401" not in m.text and "400" not in m.text else None)
    page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((url, "blob:", "data:")) else None)
    page.on("dialog", lambda d: d.accept(token))
    page.goto(url)
    page.wait_for_selector("#model option", state="attached")
    page.set_input_files("#files", images)
    page.locator("article strong").nth(len(images) - 1).wait_for()
    seen = [a.inner_text() for a in page.locator("article div").all()]
    colours = page.evaluate("[...document.querySelectorAll('canvas')].map(c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size)")
    page.screenshot(path=screenshot)
    page.evaluate("e => { e.value = e.max; e.dispatchEvent(new Event('input')) }", page.query_selector("#threshold"))
    strict = [a.inner_text() for a in page.locator("article strong").all()]
    with page.expect_download() as download:
        page.click("#csv")
    table = open(download.value.path()).read()
    page.set_input_files("#files", files=[{"name": "junk.png", "mimeType": "image/png", "buffer": b"junk"}])
    page.get_by_text("junk.png: ").wait_for()
    browser.close()
assert not errors, errors
assert not elsewhere, elsewhere
print(json.dumps({"seen": seen[::-1], "strict": strict, "colours": colours, "csv": table}))
