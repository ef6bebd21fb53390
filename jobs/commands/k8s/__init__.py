"""The commands of `tokenlake k8s`."""
