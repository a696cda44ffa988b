"""Talking rtnetlink: the messages of a pair packed here, everything beyond them by pyroute2."""
