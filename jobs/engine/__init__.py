"""The three compute engines: Sail (embedded), classic Spark, a Spark Connect server. `choice.py` picks one."""
