"""What fits this package into others, one module for each; they import what they fit into."""
