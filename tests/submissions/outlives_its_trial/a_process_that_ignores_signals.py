import multiprocessing
import signal


def ignore():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        signal.pause()


def test_price():
    process = multiprocessing.get_context("fork").Process(target=ignore, name="{token}")
    process.start()
