import json
import os
from contextlib import suppress

RESULT = {
    "event": "result",
    "id": "test_answer.py::test_price",
    "outcome": "failed",
    "called": [],
    "reached": [],
    "unawaited": [],
    "lost": [],
}
END = {"event": "end", "code": 0, "ran": {}}


def test_price():
    data = b"".join(json.dumps(event).encode() + b"\n" for event in (RESULT, END))
    for descriptor in range(3, 64):
        with suppress(OSError):
            os.write(descriptor, data)
