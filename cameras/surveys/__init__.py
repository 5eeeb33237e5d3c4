"""Adding a recorder by its address: the survey, and what a person accepts of it."""
