"""What the university portal may do and see, and how it is told: REST calls, webhooks, public counters."""
