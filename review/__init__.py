"""The team's web app. It only writes to the outbox."""
