"""Adapters: what they are, how one is found, contained and run."""
