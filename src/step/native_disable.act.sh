nt disablebinary
[ -z "$THRIFT_PORT" ] || nt disablethrift
