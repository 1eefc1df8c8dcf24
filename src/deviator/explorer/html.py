"""What was computed as HTML: tables with captions, figures with texts, errors as alerts."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from types import MappingProxyType

from deviator.errors import DeviatorError
from deviator.evidence.constraints import Constraint, ConstraintVerdict
from deviator.harmless import one_line
from deviator.studies.card.words import TITLES, words_of

from .bid_texts import number_text
from .menu_view import MenuView
from .replay import Deviating, Submitted
from .traders_view import TradersView

MARKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "confirmed": ("✓", "holds"),
        "refuted": ("✗", "violated"),
        "undetermined": ("?", "open"),
        "vacuous": ("0", "no trade"),
    }
)
"""The mark of each state in a narrow table, and what it says to those who do not see it."""


def number(value: float | None, name: str = "") -> str:
    """Return a number as HTML; one with a name can be found by it.

    Examples
    --------
    >>> number(0.25, "budget")
    '<output name="budget" data-value="0.25">0.25</output>'
    >>> number(None)
    'unknown'
    """
    if value is None or value != value:
        return "unknown"
    if not name:
        return number_text(value)
    return f'<output name="{name}" data-value="{value!r}">{number_text(value)}</output>'


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], selected: int = -1
) -> str:
    """Return a table whose cells are HTML; the first column has the rows' headings."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        f"<tr{' aria-current=true' if place == selected else ''}>"
        f'<th scope="row">{first}</th>{"".join(f"<td>{each}</td>" for each in rest)}</tr>'
        for place, (first, *rest) in enumerate(rows)
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(svg: bytes, text: str, caption: str) -> str:
    """Return a figure with a text that says what it shows."""
    data = b64encode(svg).decode()
    return (
        f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{escape(text)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def refusal(error: DeviatorError) -> str:
    """Return why something cannot be shown."""
    return f'<p role="alert" class="refusal">{escape(one_line(str(error), 600))}</p>'


def traders_table(view: TradersView, trader: int) -> str:
    """Return bids and outcomes, trader by trader."""
    columns = ["trader", "type", "price", "quantity", "transfer", "utility", "best gain", "bid"]
    rows = [
        [
            str(row.trader),
            number(row.type),
            number(row.price, f"price-{row.trader}"),
            number(row.quantity, f"quantity-{row.trader}"),
            number(row.transfer, f"transfer-{row.trader}"),
            number(row.utility, f"utility-{row.trader}"),
            "not searched" if row.gain is None else number(row.gain, f"gain-{row.trader}"),
            f"<code>{escape(row.bid)}</code>",
        ]
        for row in view.rows
    ]
    return table("Bids and clearing", columns, rows, trader)


def totals(view: TradersView) -> str:
    """Return budget and welfare of the market as a list."""
    lost = view.first_best - view.welfare
    share = 1 - lost / view.gains_from_trade if view.gains_from_trade > 0 else None
    entries = [("Budget, sum of the transfers", number(view.budget, "budget"))]
    entries.append(("Welfare, sum of the utilities", number(view.welfare, "welfare")))
    if view.no_efficiency is None:
        entries.append(("First best", number(view.first_best, "first-best")))
        entries.append(("Share of the gains from trade", number(share, "share")))
    terms = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in entries)
    note = "" if view.no_efficiency is None else f"<p>{escape(view.no_efficiency)}</p>"
    return f'<dl class="totals">{terms}</dl>{note}'


def menu_text(view: MenuView, trader: int) -> str:
    """Return in a sentence what the trader gains at most, and where."""
    how = "exact" if view.kind == "exact" else "the best that a search found"
    return (
        f"<p>Honest: trader {trader} trades {number(view.honest[0], 'honest-quantity')} units and "
        f"is left with {number(view.honest[1], 'honest-payoff')}. Best: "
        f"{number(view.best[0], 'best-quantity')} units and "
        f"{number(view.best[1], 'best-payoff')}, a gain of {number(view.gain, 'gain')} ({how}).</p>"
    )


def answers_table(found: Mapping[Constraint, ConstraintVerdict]) -> str:
    """Return the answers on the five constraints, in words and with their reasons."""
    rows = [
        [
            TITLES[name],
            _answer(name, answer),
            number(answer.worst, f"{name}-worst"),
            escape(one_line(answer.reason, 400)),
        ]
        for name, answer in found.items()
    ]
    return table(
        "The five constraints", ["constraint", "answer", "largest violation found", "why"], rows
    )


def _answer(name: Constraint, answer: ConstraintVerdict) -> str:
    words = escape(words_of(answer))
    return f'<output name="{name}" data-state="{answer.state}">{words}</output>'


def states_table(
    setting: str, values: Sequence[float], states: Mapping[Constraint, Sequence[str]]
) -> str:
    """Return the state of each constraint at every value of the setting, as marks."""
    columns = [setting.replace("_", " "), *map(number_text, values)]
    rows = [[TITLES[name], *(_mark(state) for state in states[name])] for name in states]
    return table("At every profile of types, as the setting moves", columns, rows)


def _mark(state: str) -> str:
    mark, word = MARKS[state]
    return f'<span class="{state}" title="{word}" role="img" aria-label="{word}">{mark}</span>'


def deviating_table(found: Deviating) -> str:
    """Return the honest, the learned and the best bid at a profile, and what they lead to."""
    rows = [
        _submitted("honest bid", "honest", found.honest, 0.0),
        _submitted("learned bid", "learned", found.learned, found.gain),
        _submitted("best bid", "optimal", found.best, found.best_gain),
    ]
    columns = ["", "quantity", "transfer", "payoff", "gain", "numbers of the bid"]
    return table("The deviator at one profile", columns, rows)


def _submitted(title: str, name: str, each: Submitted, gain: float) -> list[str]:
    bid = " ".join(number_text(float(value)) for value in each.bid[:24])
    return [
        title,
        number(each.quantity, f"{name}-quantity"),
        number(each.transfer, f"{name}-transfer"),
        number(each.payoff, f"{name}-payoff"),
        number(gain, f"{name}-gain"),
        f"<code>{bid}</code>",
    ]
