"""What pages read: functions that return frozen rows, scoped by who asks, in a known number of statements."""
