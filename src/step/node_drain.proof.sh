nt netstats
