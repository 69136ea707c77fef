"""What takes too long for the benchmark: a run of a million steps, and half an hour of mixed load."""
