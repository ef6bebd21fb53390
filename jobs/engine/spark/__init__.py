"""The engine `spark`: classic Spark in a JVM. Only this package knows the JVM."""
