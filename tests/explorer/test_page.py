"""The explorer in a real browser: moving sigma moves what it should, to what the library gives."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import numpy as np
import psutil
import pytest
from helpers.browser import PHONE, watched_page

import deviator
from deviator.explorer import Choice, replay_training, traders_view
from deviator.explorer.choice import drawn_types
from deviator.explorer.replay import deviating_bid

pytestmark = pytest.mark.slow

PATIENCE_MS = 300_000
"""A page that never comes is noticed; a busy machine may take its time."""

PRELOAD = "was preloaded using link preload"
"""What Chromium says of two pictures of marimo's, which no page shows."""


@contextmanager
def explorer(*arguments):
    """Start ``deviator explore`` and hand out its process and its address."""
    command = [sys.executable, "-m", "deviator.cli", "explore", "--no-browser", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            lines = iter(process.stdout.readline, "")
            url = next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
            yield process, url
        finally:
            process.kill()


@pytest.fixture(scope="module")
def served():
    with explorer() as started:
        yield started


@contextmanager
def opened(browser, url, **window):
    with watched_page(browser, **window) as watched:
        watched.page.set_default_timeout(PATIENCE_MS)
        watched.page.goto(url)
        watched.page.wait_for_selector("output[name=incentive_compatibility]")
        watched.page.get_by_role("button", name="Train a deviator").wait_for()
        yield watched


def shown(page, name):
    return float(page.locator(f"output[name='{name}']").get_attribute("data-value"))


def moved_to(page, name, value):
    """Wait until a number is the library's."""
    script = "([name, value]) => Math.abs(document.querySelector(`output[name='${name}']`)"
    script += "?.dataset.value - value) <= 1e-12"
    page.wait_for_function(script, arg=[name, float(value)])


def expected(mechanism="sigma-dcda", **settings):
    tested = Choice(mechanism, "two-groups", {"n_traders": 6}, settings).market()
    return traders_view(tested, drawn_types(tested, 0))


def check(page, view):
    """Compare every number of the page with the library's."""
    moved_to(page, "budget", view.budget)
    moved_to(page, "welfare", view.welfare)
    for row in view.rows:
        for name in ("price", "quantity", "transfer", "utility", "gain"):
            moved_to(page, f"{name}-{row.trader}", getattr(row, name))


def states(page):
    names = ("market_clearing", "budget_surplus", "individual_rationality")
    names += ("incentive_compatibility", "efficiency")
    return {
        name: page.locator(f"output[name={name}]").get_attribute("data-state") for name in names
    }


def audited(sigma):
    card = deviator.audit(
        "sigma-dcda", deviator.economies.two_groups(6), sigma=sigma, held_out=1000
    )
    return {name: answer.state for name, answer in card.constraints.items()}


def test_sigma_moves_by_keyboard_to_the_numbers_of_the_library(browser, served):
    with opened(browser, served[1]) as watched:
        page = watched.page
        check(page, expected(sigma=0.25))
        first_best = shown(page, "first-best")
        assert states(page) == audited(0.25)
        assert states(page)["budget_surplus"] == "refuted"
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        check(page, expected(sigma=0.26))
        # The keyboard stays where it was while the page below it is made anew.
        for _ in range(30):
            page.keyboard.press("ArrowRight")
        check(page, expected(sigma=0.56))
        page.wait_for_function(
            "() => document.querySelector('output[name=budget_surplus]')?.dataset.state == 'confirmed'"
        )
        assert states(page) == audited(0.56)
        # What sigma should not move.
        assert shown(page, "first-best") == first_best
        assert shown(page, "sigma-n") == pytest.approx(0.425)
        assert watched.outside == []
        assert [error for error in watched.errors if PRELOAD not in error] == []


def test_another_rule_and_other_types_are_asked_for_by_keyboard(browser, served):
    with opened(browser, served[1]) as watched:
        page = watched.page
        page.get_by_label("mechanism").focus()
        page.keyboard.type("uniform-cond")
        page.keyboard.press("Enter")
        view = expected("uniform-conditional")
        check(page, view)
        assert min(row.gain for row in view.rows) > 0
        moved_to(page, "gain", view.rows[0].gain)
        tested = Choice("uniform-conditional", "two-groups", {"n_traders": 6}).market()
        page.get_by_label("types", exact=True).fill("1, 0, 0, 0, 0, -1")
        page.keyboard.press("Enter")
        check(page, traders_view(tested, np.array([1.0, 0, 0, 0, 0, -1.0])))
        page.get_by_label("types", exact=True).fill("1, 0, zero")
        page.keyboard.press("Enter")
        refusal = page.get_by_role("alert").first
        refusal.wait_for()
        assert "types must be numbers" in refusal.inner_text()
        assert watched.outside == []


def test_a_deviator_is_trained_and_replayed_on_a_dark_phone(browser, served):
    with opened(browser, served[1], width=PHONE, dark=True) as watched:
        page = watched.page
        page.get_by_label("mechanism").select_option("uniform-conditional")
        check(page, expected("uniform-conditional"))
        page.get_by_role("button", name="Train a deviator").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("output[name='learned-gain']")
        tested = Choice("uniform-conditional", "two-groups", {"n_traders": 6}).market()
        replay, types = replay_training(tested, "cma-es", 20_000), drawn_types(tested, 0)
        for key, place in (("End", -1), ("Home", 0)):
            page.get_by_role("slider").last.focus()
            page.keyboard.press(key)
            moved_to(page, "steps", replay.points[place].steps)
            found = deviating_bid(replay, place, types)
            moved_to(page, "learned-gain", found.gain)
            moved_to(page, "optimal-gain", found.best_gain)
        assert replay.curve[-1][1] > 0.8 * replay.best_gain > 0
        assert watched.widest() == 0
        dark = "getComputedStyle(document.body).backgroundColor"
        assert max(map(float, re.findall(r"\d*\.\d+|\d+", watched.eval(dark))[-3:])) < 60
        assert watched.outside == []
        assert [error for error in watched.errors if PRELOAD not in error] == []


def test_the_server_listens_on_loopback_alone_behind_a_token(served):
    process, url = served
    port = int(re.search(r":(\d+)/", url)[1])
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    connections = [each for one in family for each in one.net_connections("inet")]
    assert {each.laddr.ip for each in connections} == {"127.0.0.1"}
    assert port in {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}
    assert all(each.raddr.ip == "127.0.0.1" for each in connections if each.raddr)
    bare = url.partition("?")[0]
    with urllib.request.urlopen(url) as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    with urllib.request.urlopen(bare) as answer:
        assert "auth/login" in answer.url
    elsewhere = urllib.request.Request(url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(elsewhere)


def test_other_pages_on_this_machine_cannot_drive_the_explorer(served):
    # Cookies are sent to every port of a machine, so that the cookie alone tells nothing.
    _, url = served
    own = url.partition("/?")[0]
    answers = {}
    for origin in (own, "http://127.0.0.1:1", "http://evil.example", "null"):
        asked = urllib.request.Request(url, headers={"Origin": origin})
        try:
            with urllib.request.urlopen(asked) as answer:
                answers[origin] = answer.status
        except urllib.error.HTTPError as error:
            answers[origin] = error.code
    assert answers.pop(own) == 200
    assert set(answers.values()) == {403}


def test_plugins_of_files_are_offered(browser, tmp_path):
    file = tmp_path / "my_rules.py"
    file.write_text(
        "from dataclasses import dataclass\n"
        "from deviator.mechanisms.conditional_auction import ConditionalAuction\n"
        "from deviator.mechanisms.residual_line import uniform_price\n"
        "@dataclass(frozen=True)\n"
        "class Mine(ConditionalAuction):\n"
        "    statistics: None = None\n"
        "    name = 'mine'\n"
        "    def payment(self, price, quantity, residual_slope, tax_slope):\n"
        "        return uniform_price(price, quantity)\n"
    )
    with explorer("--plugin", str(file)) as (_, url), opened(browser, url) as watched:
        check(watched.page, expected("uniform-conditional"))
        assert "my_rules.py:mine" in watched.page.get_by_label("mechanism").inner_text()
