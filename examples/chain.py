"""A name used again is the same node: two pairs make a chain, and b in the middle has two interfaces."""

import sandbox

chain = sandbox.Topology.parse(
    [
        ("a:10.0.1.1", "b:10.0.1.2"),
        ("b:10.0.2.1", "c:10.0.2.2"),
    ]
)
with sandbox.Lab(chain) as lab:
    b = lab["b"]
    b.run(["ip", "-brief", "address"], check=True)
    b.run(["ping", "-c", "1", "a"], check=True)
    b.run(["ping", "-c", "1", "c"], check=True)
