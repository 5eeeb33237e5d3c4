"""The technician's bench: one device by its address, without the inventory."""
