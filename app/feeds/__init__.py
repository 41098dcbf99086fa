"""Calendars that are subscribed to: a director's own, which is read here, and ours, which his calendar reads."""
