import os
import threading


def test_price():
    thread = threading.Thread(target=os._exit, args=(0,))
    thread.start()
    thread.join()
