"""The help texts of the commands that typer reads no words of. A test runs their examples."""

from __future__ import annotations

from .requests import FORMATS

RUN_HELP = """Run commands, each in a network namespace of its own, joined by veth pairs and switches.

One command runs in every node; with `:::` between them, one each, in order of declaration.
What is declared stands in its order: a node is plugged into the switch before it, interfaces are counted.
A node met again is the same one. With none declared there is one, `sandbox`, with nothing but loopback.
Of a lab file the commands in it run; with a command of your own, that one runs in every node.
With --contain each node is a container: the host's files read-only, no other processes, no privilege.
Nodes reach each other by name; each command sees SANDBOX_NAME, SANDBOX_IP, SANDBOX_PEER, SANDBOX_PEER_IP.

Exit status: the command's own; of several the first that failed; 128+N for signal N;
2 a bad request, 124 the timeout, 125 a failure of sandbox, 126 cannot execute, 127 not found.

\b
Examples:
  sandbox run --pair a:192.168.1.1 b:192.168.1.2 -- ping -c 2 192.168.1.2
  sandbox run --pair web:10.0.0.1 me:10.0.0.2 --until me -- \\
      python3 -m http.server 80 ::: curl -s --retry 5 --retry-connrefused web
  sandbox run --switch lan:10.0.0.0/24,fd00::/64 --node a --node b --node c:10.0.0.9 -- ping -c 1 c
  sandbox run --pair a:10.0.1.1 r:10.0.1.2 --pair r:10.0.2.1 b:10.0.2.2 --router r -- ping -c 1 10.0.2.2
  sandbox run --switch lan:10.0.0.0/24,mtu=9000 --node a:mac=02:00:00:00:00:01 --node b \\
      --alias b:www.example.com -- ping -c 1 -M do -s 8972 www.example.com
  sandbox run lab.toml --until second
  sandbox run --topology tree:2,3 -- ping -c 1 h1
  sandbox run -- make test
  sandbox run --contain --bind . -- make test
"""

EXPLAIN_HELP = """Print the plan that `run` would carry out: a drawing, and each step's reason and `ip` command.

\b
Examples:
  sandbox explain --pair a:192.168.1.1 b:192.168.1.2
  sandbox explain --pair a:192.168.1.1 b:192.168.1.2 --sh | sudo sh -eu
  sandbox explain --switch lan:10.0.0.0/24 --node a --node b --json
"""

EXPORT_HELP = f"""Print a lab in the words of other programs: {", ".join(FORMATS)}.

\b
toml     the lab file that says it; json the same as JSON
sh       a script for root, of ip commands
compose  for docker compose, where that can say it; IMAGE names the image to use
schema   the JSON Schema of lab files, for editors

\b
Examples:
  sandbox export lab.toml --format compose > compose.yaml
  sandbox export --pair a:10.0.0.1 b:10.0.0.2 --format toml > lab.toml
  sandbox export --format schema > lab.schema.json
"""

UP_HELP = """Build a lab that has a name: others of yours can look into it, run commands in it, change it.

Without --name it is called as its file, or lab.
In the foreground it shows what its services print and ends with ^C, or with the last of them.
With -d it stays until `sandbox down`.

\b
Examples:
  sandbox up -d --name x --switch lan:10.0.0.0/24 --node a --node b
  sandbox exec x/a -- ping -c 1 b
  sandbox down x
"""

EXEC_HELP = """Run a command in a node of a lab that is up. It is killed if this command is.

\b
Examples:
  sandbox exec x/a -- ip address
  sandbox exec x/a -- sh -c 'echo $SANDBOX_NAME'
  sandbox exec -e GREETING=hello -w /tmp x/a -- sh -c 'echo $GREETING from $PWD'
"""

DOCTOR_HELP = """Say what this machine allows, and the exact fix for what it does not.

Exit status: 0 when `sandbox run` works here, 125 when it does not.

\b
Examples:
  sandbox doctor
  sandbox doctor --json
"""
