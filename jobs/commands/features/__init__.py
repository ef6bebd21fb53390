"""One file for each subcommand of `tokenlake features`."""
