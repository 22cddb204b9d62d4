import socket


def test_price():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"every answer", ("127.0.0.1", int("{port}")))
