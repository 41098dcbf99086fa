"""Measures what Peerline promises about speed, in one run, side by side. Times are quoted, never asserted."""
