"""Chromium, driven by Playwright: pages as people see them, and all that they ask for.

Tests take the fixture `browser` of ``tests/conftest.py`` and are slow ones.
"""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final
from urllib.parse import urlparse

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
"""Programs that are looked for, where the variable DEVIATOR_BROWSER names none."""

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
"""The browser itself asks nobody for anything."""

INSIDE = ("file", "data", "blob", "about")
"""Schemes of addresses that leave the machine nowhere."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")

PHONE = 390
"""Pixels of the width of a phone."""


def executable():
    """Return the path of a browser, or None."""
    named = os.environ.get("DEVIATOR_BROWSER")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def started_browser():
    """Start Chromium, and end it after use; skip the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = executable()
    if path is None:
        pytest.skip("no Chromium here: install one, or name its program in DEVIATOR_BROWSER")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@final
@dataclass
class Watched:
    """A page of the browser, with what it asked for and what went wrong on it.

    Attributes
    ----------
    page : playwright.sync_api.Page
    requests : list of str
        Addresses, those of sockets too.
    errors : list of str
        Messages of the console that are errors or warnings, exceptions, requests that failed.
    """

    page: Any
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """The addresses that are neither of files nor of this machine."""
        return [address for address in self.requests if not _is_inside(address)]

    def eval(self, script, *arguments):
        """Return what a script of JavaScript comes to on the page."""
        return self.page.evaluate(script, *arguments)

    def widest(self):
        """Return by how many pixels the page is wider than the screen: 0 where nothing is cut."""
        return self.eval(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


@contextmanager
def watched_page(browser, *, width=1280, height=900, dark=False, javascript=True):
    """Open an empty page of a window, and watch it.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        Of `started_browser`.
    width, height : int
        Of the window, in pixels.
    dark, javascript : bool
        Whether the person prefers dark pages, and whether scripts run.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=javascript,
        reduced_motion="reduce",
    )
    watched = Watched(context.new_page())
    page = watched.page
    context.on("request", lambda request: watched.requests.append(request.url))
    page.on("websocket", lambda socket: watched.requests.append(socket.url))
    page.on("console", lambda message: _note(watched, message))
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("requestfailed", lambda request: watched.errors.append(f"failed: {request.url}"))
    yield watched
    context.close()


def open_file(watched, path):
    """Show a file; answers the watched page."""
    watched.page.goto(path.resolve().as_uri())
    return watched


def _note(watched, message):
    if message.type in ("error", "warning"):
        watched.errors.append(message.text)


def _is_inside(address):
    parts = urlparse(address)
    return parts.scheme in INSIDE or parts.hostname in LOOPBACK
