"""Feast's messages for gRPC; see serving.proto."""
