"""Take the picture of ``docs/explorer.md``: ``python docs/explorer_picture.py``.

Needs marimo, Playwright and Chromium, which DEVIATOR_BROWSER may name.
"""

import os
import shutil
import sys
from pathlib import Path
from threading import Thread

from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

from deviator.explorer.server import Page

FILE = Path(__file__).with_name("explorer.png")

WIDTH, HEIGHT = 1100, 1020
"""Of the picture, in pixels."""

PATIENCE_MS = 300_000


def take(url: str, file: Path) -> None:
    """Open the page, wait until everything is shown, and write its upper part to a file."""
    named = os.environ.get("DEVIATOR_BROWSER")
    browser_path = named or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(url)
        _wait(tab)
        tab.screenshot(path=file)
        browser.close()


def _wait(tab: Tab) -> None:
    tab.wait_for_selector("output[name=incentive_compatibility]")
    tab.get_by_role("button", name="Train a deviator").wait_for()
    tab.wait_for_timeout(2000)


if __name__ == "__main__":
    served = Page()
    Thread(target=served.serve, daemon=True).start()
    take(served.url, Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
