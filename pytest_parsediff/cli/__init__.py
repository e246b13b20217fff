"""Adapters without pytest: read a store once, follow it, or look at it.

Thin by intent: what an adapter emits is printed as canonical lines, and a cursor is
written after what it covers. Everything else is the adapter's own code, or that of the
other rooms. Nothing here is loaded when pytest starts.
"""
