import threading


def test_price():
    threading.Thread(target=threading.Event().wait).start()
