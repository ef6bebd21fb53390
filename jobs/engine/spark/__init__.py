"""The classic engine: Spark in a JVM. All that concerns the JVM is in this room."""
