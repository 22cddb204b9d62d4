import os
import stat


def test_price():
    for descriptor in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, b"\xff\x00 neither JSON nor text\n")
        except OSError:
            continue
