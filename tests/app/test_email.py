import asyncio
import logging

import pytest

from app.email import send_email


class FakeServer:
    """Speaks just enough SMTP to take one message."""

    def __init__(self) -> None:
        self.recipients: list[str] = []
        self.lines: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        async for line in reader:
            command = line.decode().strip().lower()
            if command.startswith("rcpt to:"):
                self.recipients.append(command.removeprefix("rcpt to:"))
            if command == "data":
                writer.write(b"354 go on\r\n")
                while (text := (await reader.readline()).decode().strip()) != ".":
                    self.lines.append(text)
            if command == "quit":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"250 fine\r\n")
        writer.close()
        await writer.wait_closed()


async def test_a_message_reaches_the_smtp_host(monkeypatch):
    fake = FakeServer()
    async with await asyncio.start_server(fake.serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        monkeypatch.setenv("SMTP_HOST", f"{host}:{port}")
        await send_email("test@example.com", "Welcome!")
    assert fake.recipients == ["<test@example.com>"]
    assert "Subject: Welcome!" in fake.lines
    assert "To: test@example.com" in fake.lines


async def test_a_host_that_does_not_answer_is_an_error(monkeypatch):
    async with await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
    monkeypatch.setenv("SMTP_HOST", f"{host}:{port}")
    with pytest.raises(ConnectionRefusedError):
        await send_email("test@example.com", "Welcome!")


async def test_without_a_host_the_message_is_logged(caplog):
    with caplog.at_level(logging.INFO, logger="app.email"):
        await send_email("test@example.com", "Welcome!")
    assert caplog.messages == ["SMTP_HOST is not set, so no e-mail went to test@example.com: Welcome!"]
