nt disablebinary
