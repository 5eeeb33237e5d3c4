"""One visit to one device: what it is asked and what comes back. No database."""
