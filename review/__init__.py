"""The team's web app. Imports storage and flows, never a channel and never bot; it only writes to the outbox."""
