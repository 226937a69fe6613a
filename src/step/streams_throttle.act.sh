# Follows streams_rate.sh.
noted
set_rate "$number"
