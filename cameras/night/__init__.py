"""The check of a night: which runs there are, their queue, their findings and their end."""
