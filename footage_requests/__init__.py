"""From a request's arrival to the destruction of the released copy: preserve, decide, export, seal, hand over."""
