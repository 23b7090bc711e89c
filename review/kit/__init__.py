"""What every page of the team's room stands on: who is asking, forms, labels, templates."""
