# The other nodes may look for this one from now on.
up_to "$STORAGE_PORTS"
