"""x"""
def doctor() -> None:
    """Say what."""
