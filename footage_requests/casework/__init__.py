"""A case until it is decided: how it comes in, what it asks about, its deadlines, its pages."""
