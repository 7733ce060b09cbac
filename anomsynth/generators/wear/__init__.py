"""A surface is rubbed, worn or finished otherwise."""
