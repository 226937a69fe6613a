for port in $NATIVE_PORT $THRIFT_PORT; do
  if listening "$port"; then die "port $port still listens"; fi
done
echo "port $NATIVE_PORT${THRIFT_PORT:+ and $THRIFT_PORT} closed"
