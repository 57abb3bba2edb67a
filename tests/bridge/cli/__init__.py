"""What a person types, mirrored from bridge/cli."""
