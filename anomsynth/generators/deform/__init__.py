"""Shape is lost, material is not: dents, bends, creases, wrinkles, squeezed parts."""
