"""Rows of a replication that need no computing, and what a page of rows says and loads."""

from html.parser import HTMLParser

from deviator.paper import Finding, Statement


def a_row(state, **parts):
    settings = {"name": "Lemma 99", "source": "nowhere", "printed": "1 < 2 & 2 > 1", "check": None}
    printed = 1.0 if state == "erratum" else None
    finding = Finding(1.0 if state == "fails" else 0.0, "computed <b>so</b>", printed)
    return Statement(**(settings | parts)).conclude(finding)


class Page(HTMLParser):
    """The text of a page, and the addresses that it would load."""

    def __init__(self):
        super().__init__()
        self.addresses, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    parser = Page()
    parser.feed(page)
    return parser


def plain(text):
    return " ".join(text.split())
