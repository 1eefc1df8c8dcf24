"""What the documentation's pages are made with, beyond what Sphinx brings."""
