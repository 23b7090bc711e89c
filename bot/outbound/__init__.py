"""From an outbox row to a provider: sending in order, in time, and once."""
