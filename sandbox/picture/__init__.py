"""Pictures of a topology: in the terminal, as SVG, for Mermaid and for Graphviz. Pure: text in, text out."""
