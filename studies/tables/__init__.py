"""The findings of a study as tidy tables: made of its report, written, asked and compared."""
