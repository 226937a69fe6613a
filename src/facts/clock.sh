# The host's clock, to the nanosecond where date can tell.
now=$(date +%s.%N)
case ${now#*.} in '' | *[!0-9]*) now=$(date +%s) ;; esac
echo "now=$now"
