"""Where bytes lie: one notion of a location, and files under one root, local or on an object store."""
