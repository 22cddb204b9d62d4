import socket


def test_price():
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(0.5)
        line.connect("{outside}/line")
        line.sendall(b"every answer")
