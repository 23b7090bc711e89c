"""Members: inviting them, and what ends when one leaves."""
