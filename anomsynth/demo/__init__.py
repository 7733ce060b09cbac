"""Photos for a first try, and rendered stand-ins for products."""
