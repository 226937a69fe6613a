# Who is connected to the ports of clients; whether they may be is judged by who asked.
connected "$PORTS"
echo "reseed: end"
