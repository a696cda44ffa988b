"""A command without a network: it cannot call home, and it learns so at once instead of by a timeout."""

import sys

import sandbox

CALL = """
import socket
try:
    socket.create_connection(("192.0.2.1", 443), timeout=60)
except OSError as error:
    print("no way out:", error.strerror)
"""

sandbox.run([sys.executable, "-c", CALL], check=True)
