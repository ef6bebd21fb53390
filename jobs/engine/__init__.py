"""Where DataFrames are computed: embedded (Sail), classic Spark, or a Spark Connect server. `choice.py` chooses."""
