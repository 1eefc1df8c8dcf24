"""Draw the README's picture from a finished study.

python docs/figure.py [runs/proposition3/report.json] writes docs/learning.svg: mean gain of the
trained deviators against bids submitted, in the sigma-DCDA and in its matched control, as shares
of the best possible gain in the control.
"""

import json
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP = 820, 380, 70, 30
RIGHT, BOTTOM = 250, 50
LOW, HIGH = -1.5, 1.2


def main(source: str = "runs/proposition3/report.json") -> None:
    """Write the picture."""
    rows = json.loads(Path(source).read_text())["rows"]
    auction = find(rows, "sigma-dcda", lambda row: row["sigma"] > 0)
    control = find(rows, "uniform-conditional", lambda row: True)
    unit, steps = control["best_gain"], control["steps"]
    parts = [
        level(1.0, "best possible gain in the control", "#c1121f"),
        level(0.0, "certified cap in the sigma-DCDA", "#1a7f37"),
        *curves(control, unit, steps, "#e07a5f"),
        *curves(auction, unit, steps, "#2a6f97"),
        text(WIDTH - RIGHT + 10, y(0.84), "trained, one price for all units", "#e07a5f"),
        text(WIDTH - RIGHT + 10, y(-0.16), "trained, sigma-DCDA", "#2a6f97"),
        text(LEFT, HEIGHT - 14, f"bids submitted in training, 0 to {steps:,}", "#555"),
        text(LEFT, 18, "mean gain over honest bidding / best gain in the control", "#555"),
        *(text(18, y(tick) + 4, f"{tick:.1f}", "#555") for tick in (-1.0, -0.5, 0.0, 0.5, 1.0)),
    ]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    style = 'font-family="system-ui, sans-serif" font-size="13"'
    background = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    picture = "\n".join([background, *parts])
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{picture}\n</svg>\n'
    Path(__file__).with_name("learning.svg").write_text(svg)


def find(rows, mechanism, condition):
    """Return the row of the two-group economy with ten traders, whole profile known."""
    return next(
        row
        for row in rows
        if (row["mechanism"], row["economy"], row["n_traders"], row["information"])
        == (mechanism, "two groups", 10, "profile")
        and condition(row)
    )


def x(steps: float, most: float) -> float:
    """Return the horizontal place of a number of steps."""
    return LEFT + (WIDTH - LEFT - RIGHT) * min(steps / most, 1.0)


def y(value: float) -> float:
    """Return the vertical place of a gain."""
    inside = min(max(value, LOW), HIGH)
    return TOP + (HEIGHT - TOP - BOTTOM) * (HIGH - inside) / (HIGH - LOW)


def curves(row, unit: float, steps: int, color: str) -> list[str]:
    """Return one line per seed."""
    return [
        f'<polyline fill="none" stroke="{color}" stroke-width="2" points="'
        + " ".join(f"{x(step, steps):.1f},{y(gain / unit):.1f}" for step, gain in curve)
        + '"/>'
        for curve in row["curves"]
    ]


def level(value: float, label: str, color: str) -> str:
    """Return a dashed horizontal line with its label."""
    end = WIDTH - RIGHT
    line = f'<line x1="{LEFT}" x2="{end}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
    dashes = f'stroke="{color}" stroke-dasharray="5 4"/>'
    return f"{line} {dashes}\n" + text(end + 10, y(value) + 4, label, color)


def text(left: float, top: float, content: str, color: str) -> str:
    """Return a text."""
    return f'<text x="{left:.1f}" y="{top:.1f}" fill="{color}">{content}</text>'


if __name__ == "__main__":
    main(*sys.argv[1:])
