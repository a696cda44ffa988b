"""Proof, as figures that anyone can reproduce: what must never happen is tried, counted and told in a table."""
