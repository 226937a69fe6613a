if listening "$NATIVE_PORT"; then die "port $NATIVE_PORT still listens"; fi
echo "port $NATIVE_PORT closed"
