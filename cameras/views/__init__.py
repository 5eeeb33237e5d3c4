"""Pages about what devices do. Doors only: parse, authorise, call one thing, answer."""
