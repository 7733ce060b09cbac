"""What to make: models, TOML loading, presets."""
