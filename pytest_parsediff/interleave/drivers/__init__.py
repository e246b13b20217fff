"""How a reader's gaps are seen: one module per way of reading."""
