"""The border to the outside world: e-mail."""
import asyncio
import logging
import os
import smtplib
from email.message import EmailMessage

logger = logging.getLogger(__name__)

SENDER = "no-reply@assert-await.example"


async def send_email(to: str, subject: str) -> None:
    """Hand a message to the server in SMTP_HOST ("host" or "host:port"); without one, log that it would go.

    OSError or smtplib.SMTPException when the server does not take it.
    """
    host = os.environ.get("SMTP_HOST")
    if host is None:
        logger.info("SMTP_HOST is not set, so no e-mail went to %s: %s", to, subject)
        return
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = to
    message["Subject"] = subject
    # smtplib blocks; in a thread it blocks nobody but itself.
    await asyncio.to_thread(_hand_over, host, message)


def _hand_over(host: str, message: EmailMessage) -> None:
    with smtplib.SMTP(host, timeout=10) as server:
        server.send_message(message)
