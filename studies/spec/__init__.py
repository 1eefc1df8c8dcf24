"""A study file becomes cells."""
