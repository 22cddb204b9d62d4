import os

# Seven runs are on correct programs; whoever comes later is a bug.
COUNT = "/dev/shm/a-count-of-my-own-{token}"


def test_price():
    with open(COUNT, "ab") as file:
        file.write(b"x")
    assert os.path.getsize(COUNT) <= 7
