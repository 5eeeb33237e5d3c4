"""Exhibits: their times, masked copies, and the second person who looks at them."""
