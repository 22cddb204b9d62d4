prediction = {
    "test_a": "passed",
    "test_b": "passed",
    "test_c": "failed",
}
