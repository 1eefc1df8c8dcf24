"""What the explorer says before it serves."""

import sys

import pytest

from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.explorer.server import Page


def test_a_missing_marimo_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "marimo", None)
    with pytest.raises(RefusedError, match=r"marimo, which is not installed; install it with pip"):
        Page()


def test_the_port_is_on_this_machine_alone_and_its_own():
    page = Page()
    try:
        assert page.url.startswith("http://127.0.0.1:")
        assert len(page.url.partition("access_token=")[2]) > 20
        port = int(page.host.partition(":")[2])
        with pytest.raises(
            RefusedError, match=f"the explorer needs a free port, and {port} is not"
        ):
            Page(port=port)
    finally:
        page.close()
    with pytest.raises(InvalidInputError, match="--port must be from 0"):
        Page(port=70_000)
    with pytest.raises(ResultsError, match="nowhere"):
        Page(replay="nowhere")
