"""Asterisk's own books: back-fill, healing of gaps, daily reconciliation."""
