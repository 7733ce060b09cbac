"""What one photo tells us: foreground, camera, light, grain, admissible sites."""
