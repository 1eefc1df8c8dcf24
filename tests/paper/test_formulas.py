"""Formulas in statements: typeset as they are meant, and none of the words is lost."""

import re
from html import unescape

import pytest

from deviator.paper.formulas import typeset
from deviator.paper.runner import statements

TEXTS = [
    text for each in statements() for text in (each.name, each.printed, each.corrected) if text
]


def plain(page):
    """Return a typeset sentence as it was written."""
    return unescape(re.sub(r'<math alttext="([^"]*)">.*?</math>', r"\1", str(page)))


def test_every_statement_reads_as_it_was_written():
    assert [text for text in TEXTS if plain(typeset(text)) != text] == []


def test_the_notation_of_the_paper_is_typeset_wherever_it_stands():
    left = [
        text
        for text in TEXTS
        if re.search(r"\w_\w|\^", re.sub(r"<math.*?</math>", "", str(typeset(text))))
    ]
    # "slope_j" is a word of ours, with an index.
    assert len(left) <= 0.03 * len(TEXTS), left


def test_a_villain_that_drops_a_formula_is_noticed():
    page = str(typeset("At most q_i^0 = 1."))
    assert plain(re.sub(r'alttext="[^"]*"', 'alttext=""', page)) != "At most q_i^0 = 1."


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("q_i^0", "<msubsup><mi>q</mi><mrow><mi>i</mi></mrow><mrow><mn>0</mn></mrow></msubsup>"),
        ("m_bar", "<mover><mi>m</mi><mo>¯</mo></mover>"),
        ("alpha-VCG", "<math alttext=\"alpha\"><mi>\N{GREEK SMALL LETTER ALPHA}</mi></math>-VCG"),
        ("x <= 2", "<mo stretchy=\"false\">≤</mo><mn>2</mn>"),
        ("sqrt(1/N)", "<msqrt><mn>1</mn>"),
        ("(q - x)^2", "<msup><mo stretchy=\"false\">)</mo><mn>2</mn></msup>"),
        ("mu_ij", "<msub><mi>μ</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub>"),
    ],
)  # fmt: skip
def test_how_formulas_are_typeset(text, element):
    assert element in typeset(text)


@pytest.mark.parametrize(
    "text", ["a trader pays", "A type", "in 2021", "equation (2.7)", "(ii)", "off by 6.7e-16", "the sum of two"]
)  # fmt: skip
def test_words_and_numbers_stay_as_they_are(text):
    assert typeset(text) == text


def test_what_is_no_formula_is_escaped():
    page = typeset('<script>alert("x_i")</script> & q_<b>')
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
