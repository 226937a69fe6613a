# Who is connected to the ports of clients: nobody may be.
connected "$PORTS"
echo "reseed: end"
