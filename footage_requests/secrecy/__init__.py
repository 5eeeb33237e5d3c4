"""Who may know of a case: one's own cases, undertakings, visits, and the monthly report on access."""
