"""What may leave: what the superior sees, decides, and what the decision is bound to."""
