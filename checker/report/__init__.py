"""A verdict for each reader: a person in a terminal or a notebook, a machine. Deterministic: no times, no addresses."""
