"""The queue of stories."""
