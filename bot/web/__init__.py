"""The HTTP side: webhooks, public pages, the simulator's page."""
