"""JupyterLab in headless Chromium for the tests of this folder, with JUPYTER_PATH set to the kernel. Needs jupyterlab,
playwright and Debian's chromium.
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


class Lab:
    """JupyterLab over a notebook of Go cells called NAME.ipynb; screenshots go to folder."""

    def __init__(self, folder, name, codes):
        self.folder, self.name, self.count = folder, name, len(codes)
        self.root = os.path.join(folder, "notebooks")  # what JupyterLab shows
        os.makedirs(self.root)
        for variable in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTER_RUNTIME_DIR"):
            os.environ[variable] = os.path.join(folder, variable)  # the user's own stay as they are
        cells = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": c} for i, c in enumerate(codes)]
        notebook = {
            "cells": cells, "nbformat": 4, "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "msflow", "display_name": "Go (MSFlow)", "language": "go"}},
        }
        with open(os.path.join(self.root, name + ".ipynb"), "w") as f:
            json.dump(notebook, f)

    def drive(self, run):
        """Calls run with a page that shows the notebook, and leaves a screenshot of it if that fails."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.log = open(os.path.join(self.folder, "lab.log"), "w")
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}", "--ip=127.0.0.1", "--IdentityProvider.token=",
             "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={self.root}", "--LabApp.news_url=",
             "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
            stdout=self.log, stderr=self.log)
        try:
            self.wait_for_server()
            with sync_playwright() as p:
                browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=[
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync"])
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                try:
                    self.open(page)
                    run(page)
                except Exception:
                    self.shot(page, "failure.png")
                    raise
                browser.close()
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:  # it waits for a browser that is gone
                server.kill()

    def wait_for_server(self):
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api", timeout=2)
                return
            except OSError:
                time.sleep(0.5)
        raise SystemExit("JupyterLab did not start: " + open(self.log.name).read()[-2000:])

    def open(self, page):
        page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{self.name}.ipynb?reset")
        page.locator(".jp-Notebook .jp-CodeCell").nth(self.count - 1).wait_for(timeout=60_000)
        expect(page.locator(".jp-KernelName").or_(page.locator(".jp-Toolbar-kernelName")).first).to_contain_text("Go (MSFlow)", timeout=30_000)
        try:  # the question whether one wants news
            page.get_by_role("button", name="No", exact=True).click(timeout=3000)
        except PlaywrightTimeout:
            pass
        page.keyboard.press("Control+b")  # the file browser goes away

    def shot(self, page, name):
        page.screenshot(path=os.path.join(self.folder, name))


def menu(page, top, *items):
    page.get_by_role("menuitem", name=top, exact=True).first.click()
    for item in items:
        page.locator(".lm-Menu-item", has_text=re.compile(item)).last.click()


def outputs(page, i):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(i).locator(".jp-OutputArea-output")
