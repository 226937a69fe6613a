# What putting configuration back and proving it share. Lines of FILES, LINKS, DIRS:
# `hash or -<tab>mode<tab>uid<tab>user<tab>gid<tab>group<tab>mtime<tab>label<tab>path`.
base=$ROOT/$RESEED_RUN/config
stage=$base/stage
kept=$base/replaced

# sum FILE: its hash.
sum() { if command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r; else sha256sum; fi <"$1" | cut -c 1-64; }

# by_name USER UID GROUP GID PATH: whether it belongs to these, by name where the host has the name.
owned() {
  case "$(stat -c '%U %G' -- "$5")" in "$1 $3") return 0 ;; esac
  [ "$(stat -c '%u %g' -- "$5")" = "$2 $4" ]
}

# same SUM MODE UID USER GID GROUP PATH: whether the file is as it was.
same() {
  [ -f "$7" ] && [ ! -L "$7" ] && [ "$(stat -c %a -- "$7")" = "$2" ] && owned "$4" "$3" "$6" "$5" "$7" && [ "$(sum "$7")" = "$1" ]
}
