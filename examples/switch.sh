#!/bin/sh
# Three nodes on one switch, which gives them addresses; two serve on port 80, the third fetches from both by name.
GET='
import sys, urllib.request
for name in sys.argv[1:]:
    print(name, "says", urllib.request.urlopen("http://" + name).status)
'
sandbox run --switch lan:10.0.0.0/24 --node red --node blue --node me --until me -- \
    python3 -m http.server 80 ::: python3 -m http.server 80 ::: \
    timeout 10 sh -c 'for name in red blue; do until python3 -c "$0" $name 2>/dev/null; do sleep 0.1; done; done' "$GET"
