"""One file for each subcommand of `tokenlake k8s`."""
