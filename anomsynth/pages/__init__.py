"""What all offline pages share: one file each that needs no network and nothing beside it."""
