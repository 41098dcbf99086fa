"""Everything that runs on one command: for trial, development and tests. Nothing here is imported in production."""
