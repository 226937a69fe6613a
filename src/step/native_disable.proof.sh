for port in $PORTS; do
  if listening "$port"; then die "port $port still listens"; fi
done
echo "port $(printf '%s' "$PORTS" | sed 's/ / and /g') closed"
