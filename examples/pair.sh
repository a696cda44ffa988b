#!/bin/sh
# Two networks joined by a virtual cable: one command in each, apart by ":::"; their output carries their names.
sandbox run --pair a:192.168.1.1 b:192.168.1.2 -- ping -c 1 b ::: ping -c 1 a
