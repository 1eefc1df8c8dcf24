r"""Statements typeset: formulas that are written as plain text become MathML.

Words stay words. What stands between them and is a formula, as ``q_i^0 = alpha s_i / mu``, becomes
one element ``math`` whose ``alttext`` is the plain text, for those who read it in another way.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType

from markupsafe import Markup

GREEK: Mapping[str, str] = MappingProxyType(
    {
        "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "Delta": "Δ", "epsilon": "ε",
        "eps": "ε", "zeta": "ζ", "theta": "θ", "mu": "μ", "rho": "ρ", "sigma": "σ", "tau": "τ",
        "phi": "φ",
    }
)  # fmt: skip
"""Letters by their names."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("mean", "var", "Var", "Cov", "max", "min")},
        "sum": "∑",
        "int": "∫",
    }
)
"""Functions and operators, by how they are written."""

SIGNS: Mapping[str, str] = MappingProxyType(
    {"<=": "≤", ">=": "≥", "!=": "≠", "-": "−", "*": "∗", "->": "→"}
)
"""Signs, by how they are written; others are themselves."""

ACCENTS: Mapping[str, str] = MappingProxyType({"bar": "¯", "low": "_"})
"""Lines above and below a letter, by the subscript that they are written as."""

BASE = rf"(?:d?(?:{'|'.join(GREEK)})|{'|'.join(WORDS)}|sqrt|qbar|d[pqsx]|m~u|[A-Za-z])"
INDEX = r"(?:\{[^{}]*\}|-?(?:bar|low|max|min|own|id|[A-Za-z0-9]{1,2})(?![A-Za-z])|\+|-|\d+)"
LETTERS = rf"(?:(?:{'|'.join(GREEK)}|max|min|own|id|[A-Za-z]{{1,2}})(?![a-z])|\d+)"
POWER = rf"(?:\{{[^{{}}]*\}}|\([^()]*\)|-?{LETTERS}(?:_[A-Za-z0-9]+)?)"
NAME = rf"(?<![A-Za-z]){BASE}(?![A-Za-z])~?\*?(?:\d(?![\d.]))?(?:_{INDEX})?(?:\^{POWER})?"
TOKEN = re.compile(
    rf"(?P<name>{NAME})|(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?)|(?P<sign><=|>=|!=|->|[-+*/=<>|,])"
    rf"|(?P<bracket>[()\[\]{{}}](?:_[-+](?![A-Za-z]))?(?:\^\d+)?)|(?P<space>\s+)"
)
PARTS = re.compile(
    rf"(?P<base>{BASE})(?P<mark>~?\*?)(?P<digit>\d?)(?:_(?P<index>{INDEX}))?(?:\^(?P<power>{POWER}))?"
)
EQUATION = re.compile(r"\(?[A-Z0-9]+\.\d+\)?|\([a-z]+\)|\(\d+\)")
"""Numbers of equations and parts, which are none of a formula."""

SIGN = re.compile(r"<=|>=|!=|->|[-+*/=<>|]")

LONGEST = 22
"""Characters of a formula beyond which a line may break in it."""

ARTICLES = ("a", "A", "I")
"""Letters that are words where they stand alone."""


def typeset(text: str) -> Markup:
    """Return a sentence whose formulas are MathML, safe to be put into a page.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> print(typeset("The price p is 2."))
    The price <math alttext="p"><mi>p</mi></math> is 2.
    """
    pieces = re.split(r"(\s+)(?![^{}]*\})", text)
    chunks, spaces = pieces[::2], [*pieces[1::2], ""]
    kinds = [_kind(chunk) for chunk in chunks]
    _join_weak(kinds, chunks)
    out, run = "", ""
    for chunk, space, kind, following in zip(
        chunks, spaces, kinds, [*kinds[1:], "words"], strict=True
    ):
        body, stop = _without_stop(chunk)
        if kind != "formula":
            out += _words(chunk) + space
            continue
        run += body
        if stop or following != "formula":
            out += _math(run) + escape(stop) + space
            run = ""
        else:
            run += space
    return Markup(out)


def _without_stop(chunk: str) -> tuple[str, str]:
    """Return a chunk and the punctuation that ends it; a lone sign is none."""
    body = chunk.rstrip(".,;:")
    return (body, chunk[len(body) :]) if body else (chunk, "")


def _kind(chunk: str) -> str:
    """Return whether a chunk between spaces is words, a formula, or what its neighbours are."""
    body, _ = _without_stop(chunk)
    if not body or EQUATION.fullmatch(body):
        return "words"
    tokens = list(_tokens(body))
    if "".join(text for _, text in tokens) != body or _is_hyphenated(body):
        return "words"
    if any(kind == "name" for kind, _ in tokens):
        return "weak" if body in (*ARTICLES, *WORDS) else "formula"
    return "weak"


def _is_hyphenated(body: str) -> bool:
    """Return whether a chunk is a word with a hyphen in it, as ``q-efficient`` or ``x-y``."""
    return re.search(r"[A-Za-z]-[A-Za-z]{2}", body) is not None and "_-" not in body


def _join_weak(kinds: list[str], chunks: Sequence[str]) -> None:
    """Decide what numbers and signs are: formulas where a formula stands at a sign's side."""
    for place in (*range(len(kinds)), *reversed(range(len(kinds)))):
        if kinds[place] != "weak":
            continue
        before = kinds[place - 1 : place] == ["formula"] and not _stops(chunks[place - 1])
        after = kinds[place + 1 : place + 2] == ["formula"] and not _stops(chunks[place])
        signs = [each for each in chunks[max(place - 1, 0) : place + 2] if SIGN.fullmatch(each)]
        beside_sign = (before or after) and (signs or SIGN.search(chunks[place]))
        if beside_sign or (after and chunks[place] in WORDS):
            kinds[place] = "formula"


def _stops(chunk: str) -> bool:
    return bool(_without_stop(chunk)[1])


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in TOKEN.finditer(text):
        yield str(found.lastgroup), found[0]


def _words(chunk: str) -> str:
    """Return words, with the names in them typeset: ``sigma_N-VCG`` has a formula in it."""
    out, end = "", 0
    for found in re.finditer(NAME, chunk):
        marked = set(found[0]) & set("_^~") or found[0] in GREEK
        if marked:
            out += escape(chunk[end : found.start()]) + _math(found[0])
            end = found.end()
    return out + escape(chunk[end:])


def _math(text: str) -> str:
    """Return a formula as elements between which a line may break: browsers break none."""
    parts = [""]
    for word in re.split(r"(?<=\s)(?![^{}]*\})", text):
        is_long = len(parts[-1]) + len(word) > LONGEST
        if parts[-1] and is_long and "sqrt(" not in parts[-1].rpartition(")")[2]:
            parts.append("")
        parts[-1] += word
    return "".join(map(_math_part, parts))


def _math_part(text: str) -> str:
    body = text.rstrip()
    return f'<math alttext="{escape(body)}">{_row(body)}</math>{text[len(body) :]}'


def _row(text: str) -> str:
    """Return the elements of a formula."""
    tokens = [token for token in _tokens(text) if token[0] != "space"]
    out, place = "", 0
    while place < len(tokens):
        kind, token = tokens[place]
        if token == "sqrt" and place + 1 < len(tokens):
            end = _closing(tokens, place + 1)
            out += f"<msqrt>{''.join(_element(*each) for each in tokens[place + 2 : end])}</msqrt>"
            place = end + 1
            continue
        out += _element(kind, token)
        place += 1
    return out


def _closing(tokens: Sequence[tuple[str, str]], opening: int) -> int:
    """Return where the bracket that opens at a place closes, or the end."""
    depth = 0
    for place in range(opening, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[place][1], 0)
        if depth == 0:
            return place
    return len(tokens)


def _element(kind: str, token: str) -> str:
    if kind == "number":
        return f"<mn>{token}</mn>"
    if kind == "name":
        return _name(token)
    rest, _, power = token.partition("^")
    sign, _, index = rest.partition("_")
    shown = f'<mo stretchy="false">{escape(SIGNS.get(sign, sign))}</mo>'
    shown = f"<msub>{shown}<mo>{SIGNS.get(index, index)}</mo></msub>" if index else shown
    return f"<msup>{shown}<mn>{power}</mn></msup>" if power else shown


def _name(token: str) -> str:
    """Return a name with its accents, subscript and superscript."""
    found = PARTS.fullmatch(token)
    if found is None:
        return f"<mtext>{escape(token)}</mtext>"
    base = _base(found["base"])
    if found["mark"]:
        base = f"<mover>{base}<mo>~</mo></mover>" if "~" in found["mark"] else base
        base = f"<msup>{base}<mo>∗</mo></msup>" if "*" in found["mark"] else base
    if found["digit"]:
        base = f"<mrow>{base}<mn>{found['digit']}</mn></mrow>"
    index, power = found["index"], found["power"]
    if index in ACCENTS:
        tag = "mover" if index == "bar" else "munder"
        base, index = f"<{tag}>{base}<mo>{ACCENTS[index]}</mo></{tag}>", None
    if index and power:
        return f"<msubsup>{base}{_script(index)}{_script(power)}</msubsup>"
    if index:
        return f"<msub>{base}{_script(index)}</msub>"
    return f"<msup>{base}{_script(power)}</msup>" if power else base


def _base(name: str) -> str:
    if name == "qbar":
        return "<mover><mi>q</mi><mo>¯</mo></mover>"
    if name == "m~u":
        return "<mover><mi>μ</mi><mo>~</mo></mover>"
    if name in WORDS:
        sign = WORDS[name]
        return f"<mo>{sign}</mo>" if len(sign) == 1 else f'<mi mathvariant="normal">{sign}</mi>'
    if len(name) > 1 and name[0] == "d" and name != "delta":
        rest = name[1:]
        return f"<mrow><mi>d</mi><mi>{GREEK.get(rest, rest)}</mi></mrow>"
    return f"<mi>{GREEK.get(name, name)}</mi>"


def _script(text: str) -> str:
    """Return a sub- or superscript: a formula of its own, letters that are no word one by one."""
    inner = text[1:-1] if text[0] in "{(" else text
    if re.fullmatch(r"[a-z]{2}", inner) and inner not in (*GREEK, "id"):
        return f"<mrow>{''.join(f'<mi>{letter}</mi>' for letter in inner)}</mrow>"
    if re.fullmatch(r"[A-Za-z]{2,}", inner) and inner not in GREEK:
        return f'<mi mathvariant="normal">{inner}</mi>'
    return f"<mrow>{_row(inner)}</mrow>"
