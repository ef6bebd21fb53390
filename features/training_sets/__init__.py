"""Training sets: the features of a service as they were at the time of each row of a file or table."""
