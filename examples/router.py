"""Two networks and the router between them. What it forwards has one hop less to live; without any left it says so.

That is how traceroute finds the routers on the way: it asks for packets that live for 1 hop, for 2, for 3...
"""

import sandbox

draft = sandbox.Draft()
draft.pair("a:10.0.1.1", "r:10.0.1.254")
draft.pair("b:10.0.2.1", "r:10.0.2.254")
draft.router("r")

with sandbox.Lab(draft.topology()) as lab:
    a = lab["a"]
    a.run(["ip", "route"], check=True)  # everything that is not near goes to r
    a.run(["ping", "-c", "1", "-t", "1", "b"])
    a.run(["ping", "-c", "1", "-t", "2", "b"], check=True)
