"""Probes: small programs that try to get out of a sandbox, and say ESCAPED or REFUSED (why).

    python -m tests.kernel.escape [plain] [sandbox] [contain] [bwrap] [nsjail] [walls] [PROBE]...

shows what each launcher lets through. A probe is a function of the families beside this file; its text is all that is
brought inside, so that any launcher can run it. bait.py makes what there is to find outside.
"""
