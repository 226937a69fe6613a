# put NAME TEXT, beat: what the lease's files are written with, under its lock.
put() { printf '%s\n' "$2" >"$ROOT/.$1" && mv "$ROOT/.$1" "$ROOT/$1"; }
beat() {
  read -r boot </proc/sys/kernel/random/boot_id
  read -r now _ </proc/uptime
  put beat "$now $boot"
}
