"""Grades notebooks with otter-grader's API, one after the other in this process; writes their scores.

Called in otter's environment: python otter_api.py SCORES.json AUTOGRADER.zip NOTEBOOK...
"""

import json
import sys

from otter.api import grade_submission

scores, autograder, *notebooks = sys.argv[1:]
totals = [float(grade_submission(notebook, autograder, quiet=True).total) for notebook in notebooks]
with open(scores, "w", encoding="utf-8") as file:
    json.dump(totals, file)
