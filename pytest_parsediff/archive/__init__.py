"""The plugin's own SQLite file of stored sessions, and other stored sides."""
