"""Logs, metrics and readiness of a running service, without personal data."""
