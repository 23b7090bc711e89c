"""Data-protection requests and complaints."""
