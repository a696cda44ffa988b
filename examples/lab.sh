#!/bin/sh
# A lab in a file. Its commands start in the order of what they depend on, each once those before it are ready:
# nobody tries twice, and nobody sleeps. --until ends the lab with one of them.
sandbox run --until second "$(dirname "$0")/lab.toml"
