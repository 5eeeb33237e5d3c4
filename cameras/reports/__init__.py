"""Reports as pages, papers and tables."""
