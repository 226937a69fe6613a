# Prints what was logged since the start, above INFO.
up_to "$NATIVE_PORT"
logged
