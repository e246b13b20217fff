"""Writers exactly between a reader's snapshots: plans, strategies, tokens, shrinking."""
