def test_price():
    with open("big", "wb") as file:
        for _ in range(100):
            file.write(b"x" * 2**20)
