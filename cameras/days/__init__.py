"""What a day holds: interval arithmetic, judging, the rows that prove it, and the answer for any moment."""
