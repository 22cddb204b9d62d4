"""Notebooks as data: a strict reader, answers out of cells, and the builder of exercise notebooks.

Import from the modules (``checker.notebook.reader`` and so on). Nothing here imports more than the standard
library, because the command line starts through it.
"""
