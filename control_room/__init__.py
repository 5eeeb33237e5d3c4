"""The control room: what its people leave for those who come next."""
