# Files of cron and timers of systemd that run something on Cassandra by the clock.
what='^[^#]*(nodetool.*(repair|snapshot|compact|cleanup)|medusa.*backup)'
grep -l -s -r -E "$what" /etc/crontab /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly \
  /etc/cron.monthly /var/spool/cron | sed 's/^/scheduler=/'
for timer in /etc/systemd/system/*.timer; do
  if [ -e "$timer" ] && grep -q -s -E "$what" "${timer%.timer}.service"; then echo "scheduler=$timer"; fi
done
