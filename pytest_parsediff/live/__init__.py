"""Real sources: what is there, what it parses to, and what that says per session."""
