"""Figures for papers: functions that draw on Axes, and the sheets of a study."""
