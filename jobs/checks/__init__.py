"""What must hold in a lake, checked on all rows by `tokenlake check`."""
