import os


def test_price():
    for number in range(10_000):
        folder = f"deep/{number % 100}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{number}", "w") as file:
            file.write("x")
    os.chmod("deep/1", 0)
