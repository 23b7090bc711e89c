"""Retention, deletion of bytes, and what a person may see or have proved."""
