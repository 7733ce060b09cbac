"""Material is missing from the inside or eaten away: pits, pores, holes, blisters."""
