"""One door per kernel thing, named after it. Each raises OSError; none knows a topology or a plan."""
