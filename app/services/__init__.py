"""The use cases of the service, and the one rule about transactions.

A *use case* is what an endpoint calls: `create_user`, `create_assessment`, `submit_answer`,
`submit_assessment`. It commits once, at its end, so that all of it is stored or nothing is.
What must not be undone, such as an e-mail, comes after that commit.

A *helper* is what use cases are made of, such as `calculate_rating`. It flushes: its rows get their ids
and their constraints are checked, but they are stored only when the use case commits.

Rolling back is left to the session's owner, who closes the session (`get_session`). `create_user` alone does
it itself: it turns the database's error into its own and leaves the session usable.
"""
