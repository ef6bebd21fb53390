"""The feature server: looks features up for other processes, by HTTP and gRPC. Needs the extra `serve`."""
