# who is connected now is a client that nobody stopped
connected "$PORTS"
nt disablebinary
[ -z "$THRIFT_PORT" ] || nt disablethrift
