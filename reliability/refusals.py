"""Requests that are refused, by what is wrong with them; and what the one line of each must name.

The tests read them one by one, the check `requests` has the program itself refuse each.
"""

from __future__ import annotations

PAIR = ("--pair", "a:10.0.0.1", "b:10.0.0.2")
LAN = ("--switch", "lan:10.0.0.0/24", "--node", "a", "--node", "b")
CHAIN = ("--pair", "a:10.0.1.1", "b:10.0.1.2", "--pair", "b:10.0.2.1", "c:10.0.2.2")

NOT_AN_ADDRESS = [
    "",
    "192.168.1",
    "192.168.1.256",
    "192.168.01.1",
    "0xC0A80101",
    "3232235777",
    "192.168.1.1 ",
    " 192.168.1.1",
    "192.168.1.1\n",
    "192.168.1.1\t",
    "192.168.1.1 /24",
    "\uff11\uff19\uff12.168.1.1",  # full-width digits, which int() takes
    "\u0661\u0669\u0662.168.1.1",  # arabic-indic digits
    "192.168.1.1.1",
    "fd00::g",
    "fd00::1::2",
    "[fd00::1]",
    "example.com",
]

WRITE_24 = [
    "/33",
    "/-1",
    "/+24",
    "/024",
    "/24/24",
    "/255.255.255.0",
    "/0.0.0.255",
    "/",
    "/ 24",
    "/24 ",
    "/2_4",
    "/\uff12\uff14",
    "/\u00b2",  # superscript two: a digit to isdigit(), and no number to int()
    "/24\n",
    "/1e1",
    "/" + "1" * 5000,
]
WRITE_64 = ["/129", "/-1", "/064", "/", "/64/64", "/ffff::"]

NO_ROOM = ["192.168.1.1/0", "192.168.1.1/32", "fd00::1/0", "fd00::1/128"]

CLASS_OF_ADDRESS = [
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "this network"),
    ("255.255.255.255", "broadcast"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("127.0.0.1", "loopback"),
    ("127.255.1.1", "loopback"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.254", "reserved"),
    ("ff02::1", "multicast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("fe80::1%eth0", "scope"),
    ("fe80::1", "link-local"),
    ("::ffff:1.2.3.4", "IPv4-mapped"),
]

# What such an address is, and which to use instead.
NETWORK_OR_BROADCAST = [
    ("192.168.1.0", "network address of 192.168.1.0/24", "192.168.1.1"),
    ("192.168.1.0/24", "network address of 192.168.1.0/24", "192.168.1.1"),
    ("192.168.1.255/24", "broadcast address of 192.168.1.0/24", "192.168.1.1"),
    ("10.255.255.255/8", "broadcast address of 10.0.0.0/8", "10.0.0.1"),
    ("10.0.0.4/30", "network address of 10.0.0.4/30", "10.0.0.5"),
    ("fd00::", "network address of fd00::/64", "fd00::1"),
]

NOT_AN_ENDPOINT = ["", "a", "192.168.1.1", "a192.168.1.1/24", ":1.2.3.4", ":", "a:b:1.2.3.4", "a::1"]

NOT_A_NAME = [
    ".",
    "..",
    "a/b",
    "../x",
    " ",
    "a b",
    " a",
    "a\t",
    "a\n",
    "\x1b[31m",
    "\u00e9",
    "\u0661",  # a digit, but not of ours
    "eth%d",
    "-a",
    "-",
    "a" * 64,
    "a" * 10_000,
    "\udcff",  # what invalid UTF-8 on a command line becomes
    "A",
    "aB",
    "a_b",
    "a.b",
]
LOOPBACK_NAMES = ["localhost", "ip6-localhost"]

# Two ends, what is wrong with them, and what to do.
UNREACHABLE = [
    ("a:192.168.1.1", "b:192.168.2.1", "different subnets", "take both from 192.168.1.0/24"),
    ("a:fd00::1", "b:fd01::1", "different subnets", "take both from fd00::/64"),
    ("a:192.168.1.1/24", "b:192.168.1.2/16", "different prefixes", "write /24 on both"),
    ("a:192.168.1.1", "b:fd00::1", "IPv4 on one end and IPv6", "use one family for both"),
    ("a:192.168.1.1", "a:192.168.1.2", "a pair joins two different nodes", "rename one of them"),
    ("a:192.168.1.1", "b:192.168.1.1", "the same address twice", "change one of them"),
]

NO_COMMAND = [[], ["--"], [*PAIR], [*PAIR, "--"], ["-q"]]
EMPTY_COMMAND = [[""], ["", "x"], [":::", "x"], ["x", ":::"], [":::"], ["x", ":::", "", "y"]]

HALF_A_PAIR = [
    ["--pair", "a:10.0.0.1", "--", "x"],
    ["--pair", "--", "x"],
    ["--pair"],
    ["--pair", "a:10.0.0.1"],
    ["--pair=a:10.0.0.1", "--", "x"],
    ["--pair", "a:10.0.0.1", "--raw", "--", "x"],
    ["--pair", "--pair", "a:10.0.0.1", "--", "x"],
]

TYPOS = [
    ("--piar", "--pair"),
    ("--pairs", "--pair"),
    ("--jsno", "--json"),
    ("--Raw", "--raw"),
    ("--untill", "--until"),
    ("--untill=a", "--until"),
    ("--as_root", "--as-root"),
    ("--hepl", "--help"),
    ("--raw=1", "--raw"),
    ("-verbose", "--verbose"),
    ("--swich", "--switch"),
    ("--swtich=lan", "--switch"),
    ("--nod", "--node"),
    ("--nodes", "--node"),
    ("--routers", "--router"),
    ("--aliass", "--alias"),
    ("--up-link", "--uplink"),
    ("--publsh", "--publish"),
    ("--no-route", "--no-routes"),
    ("--noroutes", "--no-routes"),
    ("--no-routes=1", "--no-routes"),
    ("--Switch", "--switch"),
]
UNKNOWN_OPTIONS = ["--hostname", "--network-host", "-Z"]
NOT_AN_OPTION = [["ping"], [*PAIR, "ping", "b"], [*PAIR, "c:10.0.0.3", "--", "x"], [""]]

MISCOUNTED = [
    ([*PAIR, "--", "x", ":::", "y", ":::", "z"], "3 commands between ::: for 2 nodes (a, b)"),
    (["--", "x", ":::", "y"], "2 commands between ::: for 1 node (sandbox)"),
    ([*CHAIN, "--", "x", ":::", "y"], "2 commands between ::: for 3 nodes (a, b, c)"),
]
CONTRADICTIONS = [("--raw", "--json"), ("--quiet", "--verbose"), ("-v", "-q")]
NO_SUCH_NODE = ["c", "", "a:10.0.0.1", "\x1b"]

# Beside LAN.
SENSELESS = [
    (["--node", ""], "names use"),
    (["--node", "a "], "names use"),
    (["--node", "lan"], "the name of two things"),
    (["--node", "c:10.0.0.9,"], "not an IP address"),
    (["--node", "c:10.0.1.1"], "not in a subnet of 'lan'"),
    (["--node", "c:10.0.0.9/16"], "write 10.0.0.9/24"),
    (["--node", "c:mtu=0"], "from 68 to 65535"),
    (["--node", "c:mtu=70000"], "from 68 to 65535"),
    (["--node", "c:mac=ff:ff:ff:ff:ff:ff"], "not one interface's MAC address"),
    (["--switch", "lan"], "a switch twice"),
    (["--switch", "a"], "the name of two things"),
    (["--switch", "10.0.0.0/24"], "names use"),
    (["--switch", "wan:10.0.0.0/24", "--node", "c"], "one subnet on two links"),
    (["--switch", "wan:10.1.0.0/24,10.1.0.0/24"], "addresses in common"),
    (["--router", "r"], "router: no node 'r' - the nodes are a, b"),
    (["--router", "lan"], "router: no node 'lan'"),
    (["--uplink", "r"], "uplink: no node 'r'"),
    (["--alias", "r:www"], "alias 'www': no node 'r'"),
    (["--alias", "a:b"], "the name of two things"),
    (["--alias", "a:x:y"], "names use"),
    (["--alias", "a:www", "--alias", "a:www"], "the name of two things"),
    (["--publish", "80"], "not a publication"),
    (["--publish", "80:r:80"], "no node 'r'"),
    (["-p", "80:a:80", "-p", "127.0.0.1:80:b:80"], "one port of the host twice"),
    (["-p80:a:80"], "no such option"),
    (["--until", "lan"], "no such node"),
    (["-i", "lan"], "no such node"),
    (["--no-routes", "1"], "not an option"),
]

NO_SHAPE = [
    ("", "write one of linear:N, star:N"),
    ("three:2,3", "did you mean tree?"),
    ("trees:2,3", "did you mean tree?"),
    ("fattree:4", "did you mean fat_tree?"),
    ("tree", "write tree:DEPTH,FANOUT"),
    ("tree:", "write tree:DEPTH,FANOUT"),
    ("tree:2", "write tree:DEPTH,FANOUT"),
    ("tree:2,3,4", "write tree:DEPTH,FANOUT"),
    ("tree:2,", "write tree:DEPTH,FANOUT"),
    ("ring:x", "write ring:N"),
    ("ring:-3", "write ring:N"),
    ("ring:+3", "write ring:N"),
    ("ring: 3", "write ring:N"),
    ("ring:3.5", "write ring:N"),
    ("ring:\u0663", "write ring:N"),
    ("ring:9999999", "write ring:N"),
    ("ring:2", "write 3 or more"),
    ("linear:1", "write 2 or more"),
    ("mesh:1", "write 2 or more"),
    ("star:0", "write 1 or more"),
    ("tree:0,2", "write 1 or more"),
    ("tree:2,0", "write 1 or more"),
    ("dumbbell:0,1", "write 1 or more"),
    ("fat-tree:0", "write 2 or more"),
    ("fat-tree:3", "take an even number"),
    ("linear:32770", "more than 32768 cables"),
    ("mesh:300", "more than 32768 cables"),
    ("tree:15,2", "more than 32768 cables"),
    ("tree:32768,32768", "more than 32768 cables"),
    ("fat-tree:36", "more than 32768 cables"),
    ("star:1024", "1023 ports"),
    ("star:300,10.0.0.0/24", "take a larger subnet"),
    ("ring:65,10.0.0.0/24", "take a larger one"),
    ("ring:3,10.0.0.1/24", "an address in a subnet"),
    ("ring:3,10.0.0.0/99", "is not a prefix"),
]

NO_TIME = ["", "0", "0s", "-1", "nan", "inf", "1e3", "5x", "s", "5ss", "1.2.3", "9" * 400, "25d", "\u0663"]
NO_SIZE = ["", "M", "x", "-1", "+1M", "1e9", "nan", "5 M", "256MX", "1..5g", "1.g", ".5g", "\u0663M"]
NO_PROCESSES = ["", "0", "-1", "nan", "1.5", "8388608", "\u0663"]
NO_PROCESSORS = ["", "0", "-1", "0.001", "nan", "inf", "-inf", "9000", "1e3"]
