"""The picture of a site in the documentation, drawn from its manifests."""
