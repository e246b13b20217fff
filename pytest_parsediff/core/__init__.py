"""The pure core: formats, configuration, scenarios, stores, proof."""
