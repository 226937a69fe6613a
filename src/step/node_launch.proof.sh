for port in $STORAGE_PORTS; do
  if listening "$port"; then
    echo "port $port listens"
    exit 0
  fi
done
die "port $STORAGE_PORTS does not listen"
