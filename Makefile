# Every target is one ./sbx command; bare `make` lists them.
.PHONY: help demo test check bench reliability format

help:     ## list the targets
	@sed -n 's/^\([a-z]*\): *## /make \1\t/p' Makefile | expand -t 20

demo:     ## two processes, each in a network namespace of its own, ping each other
	./sbx run --pair a:192.168.1.1 b:192.168.1.2 -- ping -c 2 192.168.1.2

test:     ## the whole suite (everything as root, the rootless half as an ordinary user)
	./sbx test

check:    ## seconds: format, lint, types, pure tests; run it before each commit
	./sbx check

bench:    ## the numbers, side by side with ip commands, C and Mininet; build/benchmarks.json has them as well
	./sbx bench --json build/benchmarks.json

reliability: ## kills, faults, crowds, first packets: what must never happen, tried, in a table
	./sbx reliability --json build/reliability.json

format:   ## rewrite the code as `check` wants it
	./sbx format
