# Versions and schema versions of all nodes, as one of them heard.
nt gossipinfo
