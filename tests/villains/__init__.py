"""Broken plugins, at least one for each check of the conformance kits, and the sound ones beneath."""
