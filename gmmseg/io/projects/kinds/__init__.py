"""What projects of each desk hold, and how that looks in files."""
