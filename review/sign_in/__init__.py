"""Signing in, and the member's own account."""
