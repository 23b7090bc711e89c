"""The running service: edges and wiring. Nothing imports this package."""
