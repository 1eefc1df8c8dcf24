"""Names of the cases in which a statement meets a wrong formula; the same in every process."""


def villain_id(value):
    """Return a statement's name, or the names of what is put in its place."""
    if isinstance(value, str):
        return value
    return " ".join(
        getattr(formula, "__name__", type(formula).__name__) for formula in value.values()
    )
