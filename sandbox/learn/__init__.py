"""A lesson is given: carried out for real, step by step, and the kernel asked after each what is so now."""
