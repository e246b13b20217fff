"""Stress of one scenario: from its folder to plans, findings and what they prove."""
