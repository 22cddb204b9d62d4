import warnings


def test_price():
    for number in range(20_000):
        warnings.warn(f"this is warning number {number} of very many that nobody reads", stacklevel=1)
