"""Online stores: where they are, how they are spoken to, what their failures are called."""
