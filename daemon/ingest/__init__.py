"""Arriving footage: seen, settled, surveyed, indexed or refused with a reason."""
