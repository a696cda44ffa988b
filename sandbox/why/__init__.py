"""Why can't a reach b? An ordered diagnosis, read from the kernel, and a real packet at its end.

What is known of each place (facts) is read through an access to it; the ways of a packet through places, and what is
wrong on them, are a matter of thought: segment, ways, firewall, checks.
"""
