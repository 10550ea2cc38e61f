"""Uses an explorer as a person does: explorer_test.py PAGE.html SCREENSHOT.png

Needs playwright and Debian's chromium.
"""
import json
import sys

from playwright.sync_api import sync_playwright


def part(page, name):
    return page.locator(f'[data-part="{name}"]').first


def slide(page, name, value):
    part(page, name).evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})) }", str(value))


def confusion(page):
    return [int(part(page, k).inner_text()) for k in ("tp", "fn", "fp", "tn")]


def main(path, screenshot):
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 700}, color_scheme="dark")
        errors, requests = [], []
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("request", lambda r: requests.append(r.url))
        page.goto("file://" + path)
        page.wait_for_selector("[data-ready]")
        data = json.loads(part(page, "data").text_content())
        anomalous, normal = sum(data["anomalous"]), len(data["anomalous"]) - sum(data["anomalous"])

        def expect(threshold):
            tp = sum(1 for s, a in zip(data["scores"], data["anomalous"]) if a and s >= threshold)
            fp = sum(1 for s, a in zip(data["scores"], data["anomalous"]) if not a and s >= threshold)
            return [tp, anomalous - tp, fp, normal - fp]

        assert confusion(page) == expect(data["threshold"]), ("at first", confusion(page), expect(data["threshold"]))
        slide(page, "threshold", 0)
        assert confusion(page) == [anomalous, 0, normal, 0], ("lowest threshold", confusion(page))
        slide(page, "threshold", 1000)
        assert confusion(page) == [0, anomalous, 0, normal], ("highest threshold", confusion(page))

        def heat():
            return part(page, "heat").evaluate("c => c.toDataURL()")

        first, name = heat(), part(page, "image").input_value()
        part(page, "next").click()
        assert part(page, "image").input_value() != name and heat() != first, "the next image is the same"
        part(page, "back").click()
        assert part(page, "image").input_value() == name and heat() == first, "back is elsewhere"
        for k in range(1, len(data["maps"])):
            part(page, "map").select_option(index=k)
            assert heat() != first, f"map {k} looks as the fused one"
            assert f"scale {k}" in part(page, "unit").inner_text(), part(page, "unit").inner_text()
        part(page, "map").select_option(index=0)
        text = part(page, "leveltext").inner_text()
        slide(page, "level", 10)
        assert part(page, "leveltext").inner_text() != text, "the level changes nothing"
        slide(page, "threshold", 500)
        slide(page, "level", 200)
        page.screenshot(path=screenshot)
        assert not errors, errors
        assert all(u.startswith(("file:", "data:")) for u in requests), requests
        browser.close()
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
