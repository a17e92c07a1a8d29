"""Customer lifetime value: how often customers will order, and what an order will be worth."""
