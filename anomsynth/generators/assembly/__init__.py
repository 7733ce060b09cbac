"""Components are missing or mounted wrongly."""
