"""Goldens: compare, explain, stage, update."""
