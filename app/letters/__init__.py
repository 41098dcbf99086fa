"""Letters as PDF that assistive technology can read: templates, fields to fill them with, and how they are set."""
