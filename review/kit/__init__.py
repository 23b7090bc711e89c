"""What every page shares: who is asking, forms, labels, templates."""
