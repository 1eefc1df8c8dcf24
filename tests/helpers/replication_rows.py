"""Rows of a replication that need no computing, and what a page of rows says and loads."""

from html.parser import HTMLParser

from deviator.paper import Finding, Statement


def a_row(state, **parts):
    settings = {"name": "Lemma 99", "source": "nowhere", "printed": "1 < 2 & 2 > 1", "check": None}
    printed = 1.0 if state == "erratum" else None
    finding = Finding(1.0 if state == "fails" else 0.0, "computed <b>so</b>", printed)
    return Statement(**(settings | parts)).conclude(finding)


class Page(HTMLParser):
    """The text of a page, formulas as they were written, and the addresses that it would load."""

    def __init__(self):
        super().__init__()
        self.addresses, self.text = [], []
        self.in_formula = self.after_formula = False

    def handle_starttag(self, tag, attrs):
        self.addresses += [
            value
            for name, value in attrs
            if name in ("src", "href") and value and value not in ("data:,", "page.json")
        ]
        if tag == "math":
            self.in_formula = True
            self.add(dict(attrs)["alttext"])

    def handle_endtag(self, tag):
        if tag == "math":
            self.in_formula, self.after_formula = False, True

    def handle_data(self, data):
        if self.after_formula:
            self.add(data)
        elif not self.in_formula:
            self.text.append(data)
        self.after_formula = False

    def add(self, text):
        self.text[-1:] = ["".join([*self.text[-1:], text])]


def parsed(page):
    parser = Page()
    parser.feed(page)
    return parser


def plain(text):
    return " ".join(text.split())
