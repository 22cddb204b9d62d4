PIECE = 64 * 2**20


def test_price():
    kept = []
    for _ in range(24):
        kept.append(b"x" * PIECE)
