"""What benchmarks are set up from: a campus in a process of its own, servers, workers, words."""
