"""What lies on the part and does not belong there."""
