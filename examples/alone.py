"""A fresh network: one interface, which is loopback, no route out, nobody who listens."""

import sandbox

with sandbox.Lab(sandbox.Topology.alone("box")) as lab:
    box = lab["box"]
    box.run(["ip", "-brief", "address"], check=True)
    for what, command in (("routes", ["ip", "route"]), ("servers", ["ss", "-Htuln"])):
        found = box.run(command, check=True, capture_output=True, text=True).stdout
        print(f"{what}: {found or 'none'}", flush=True)
