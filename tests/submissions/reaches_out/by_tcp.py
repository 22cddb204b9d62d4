import socket


def test_price():
    with socket.create_connection(("127.0.0.1", int("{port}")), timeout=0.5) as line:
        line.sendall(b"every answer")
