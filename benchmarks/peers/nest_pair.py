"""Two nodes and a link by NeST, which deletes them when the program ends.

nest_pair.py [COMMAND...]     another command than `true`
"""

from __future__ import annotations

import subprocess
import sys

from nest.topology import Node, connect  # type: ignore[import-not-found]

a, b = Node("a"), Node("b")
eth_a, eth_b = connect(a, b)
eth_a.set_address("192.168.1.1/24")
eth_b.set_address("192.168.1.2/24")
for node in (a, b):
    with node:
        subprocess.run(sys.argv[1:] or ["true"], check=True)
