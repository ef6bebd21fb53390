"""`tokenlake maintain`: upkeep of all tables of a lake."""
