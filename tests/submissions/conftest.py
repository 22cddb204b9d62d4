"""Submissions are data of `tests/checker/test_submissions.py`, no tests of ours."""

collect_ignore_glob = ["*"]
