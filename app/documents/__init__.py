"""Files: what they are, whether they can be trusted, where they are kept. Knows nothing of cases."""
