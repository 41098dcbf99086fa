"""Invitations as calendars read them: iTIP (RFC 5546). Values in, bytes out; nothing here knows of rows or mail."""
