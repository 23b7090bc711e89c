"""The HTTP side: webhooks, public pages and the simulator's page."""
