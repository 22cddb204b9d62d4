"""A verdict for each reader: a person in a terminal or a notebook, a machine. No times, no addresses."""
