# The mode, then the latest of the log.
nt netstats
log_since "$LOG" "$(($(wc -c <"$LOG") - 262144))"
