"""The examples of docs/interoperability.md, a section at a time: few environments have all."""

import doctest

from .repository import DOCS

PAGE = DOCS / "interoperability.md"


def assert_section_holds(heading):
    """Assert that the examples below a heading print what they say."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    (text,) = (each for each in sections if each.startswith(f"{heading}\n"))
    test = doctest.DocTestParser().get_doctest(text, {}, heading, str(PAGE), 0)
    assert test.examples
    told = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        test, out=told.append
    )
    assert result.failed == 0, "".join(told)
