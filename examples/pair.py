"""Two networks joined by a virtual cable, as Docker joins two containers: each pings the other."""

import sandbox

with sandbox.pair("a:192.168.1.1", "b:192.168.1.2") as (a, b):
    a.run(["ping", "-c", "1", "192.168.1.2"], check=True)
    b.run(["ping", "-c", "1", "192.168.1.1"], check=True)
