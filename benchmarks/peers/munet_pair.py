"""Two hosts and a link by munet's Python API.

munet_pair.py [COMMAND...]     another command than `true`
"""

from __future__ import annotations

import asyncio
import logging
import shlex
import sys
import tempfile

from munet.base import BaseMunet  # type: ignore[import-not-found]

logging.disable(logging.WARNING)
with tempfile.TemporaryDirectory() as directory:
    # Without PID namespaces, which nobody asked for: with them a busy machine makes it fail at times.
    net = BaseMunet("lab", rundir=directory, pid=False)
    a, b = net.add_host("a"), net.add_host("b")
    net.add_link(a, b, "eth0", "eth0")
    a.cmd_raises("ip address add 192.168.1.1/24 dev eth0")
    b.cmd_raises("ip address add 192.168.1.2/24 dev eth0")
    try:
        for host in (a, b):
            host.cmd_raises(shlex.join(sys.argv[1:] or ["true"]))
    finally:
        asyncio.run(net.async_delete())
