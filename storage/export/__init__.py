"""Export: one gate (`select`) and the formats behind it. Nothing else may write a story to the outside."""
