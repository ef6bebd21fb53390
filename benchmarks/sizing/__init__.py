"""How many executors, how much memory and how many hours a corpus takes: measured figures and the model over them."""
