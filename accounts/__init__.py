"""People, their roles in time, and sign-in."""
