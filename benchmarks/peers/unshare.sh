#!/bin/sh
# Two networks by util-linux, with nothing between them: what two namespaces and two processes take alone.
set -eu

unshare --net true
unshare --net true
