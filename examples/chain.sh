#!/bin/sh
# A name used again is the same node: b has an interface for each of its two pairs, and reaches both ends.
# --until ends the lab with b; its neighbours have nothing to do but wait.
sandbox run --pair a:10.0.1.1 b:10.0.1.2 --pair b:10.0.2.1 c:10.0.2.2 --until b -- \
    sleep infinity ::: sh -c 'ping -c 1 a && ping -c 1 c' ::: sleep infinity
