"""From the sealed package to its destruction: hand-over, links, letters, records, closing."""
