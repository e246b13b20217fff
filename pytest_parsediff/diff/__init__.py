"""Stored records against parsed records: what differs, and who moved."""
