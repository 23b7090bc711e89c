"""The ways people reach us."""
