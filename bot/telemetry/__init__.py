"""What may be known of a running service without knowing anybody: logs, figures, readiness."""
