"""The other ways to do the same work, measured in the same run."""
