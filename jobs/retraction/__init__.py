"""`tokenlake retract`: takes documents out of a lake, and out of all that was made from them."""
