"""Grain: what the plate has of it behind a hole, what a fill lacks of it there, and how that is added."""
