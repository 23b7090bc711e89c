"""The checks of `earshot doctor`."""
