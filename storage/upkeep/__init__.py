"""Backups and restores, the clock, and the check of the schema."""
