import threading


def test_price():
    done = threading.Event()
    for _ in range(300):
        threading.Thread(target=done.wait, daemon=True).start()
