"""Building the shipped gazetteer from open data; never imported by the running service."""
