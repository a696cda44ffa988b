"""Nodes know each other by name, and each has every port to itself: two servers on port 80, none on the host's."""

import subprocess
import sys

import sandbox

SERVE = """
import os, socket
server = socket.create_server(("", 80))
print("listening", flush=True)
server.accept()[0].sendall(os.environ["SANDBOX_NAME"].encode())
"""
ASK = """
import os, socket
peer = os.environ["SANDBOX_PEER"]
print(f"{peer}:80 is", socket.create_connection((peer, 80)).recv(99).decode())
"""

with sandbox.pair("client:10.0.0.1", "server:10.0.0.2") as nodes:
    for node in nodes:
        served = node.popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE)
        served.stdout.readline()
    for node in nodes:
        node.run([sys.executable, "-c", ASK], check=True, timeout=5)
