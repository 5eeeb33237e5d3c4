"""Pages of footage requests."""
