"""The way of a standard story through a flow, and what it costs the person who tells it."""
