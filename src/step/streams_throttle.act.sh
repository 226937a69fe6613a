# Follows streams_rate.sh. What counts is the rate that it has then: a nodetool that may not set it could not lift it either.
noted
set_rate "$number" || echo "nodetool could not set it" >&2
