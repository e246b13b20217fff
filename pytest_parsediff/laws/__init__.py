"""What every adapter must obey under every interleaving."""
