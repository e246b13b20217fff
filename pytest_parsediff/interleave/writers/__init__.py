"""Scripted concurrent writers: what they do, and through which library."""
