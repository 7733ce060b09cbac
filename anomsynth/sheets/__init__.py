"""Pictures to look at: contact sheets and galleries."""
