# What putting configuration back and proving it share. Lines of FILES, LINKS, DIRS:
# `hash or -<tab>mode<tab>uid<tab>user<tab>gid<tab>group<tab>mtime<tab>label<tab>path`.
base=$ROOT/$RESEED_RUN/config
stage=$base/stage
kept=$base/replaced

# sum FILE: its hash.
sum() { if command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r; else sha256sum; fi <"$1" | cut -c 1-64; }

# or_number passwd|group NAME NUMBER: NAME where this host has it, else NUMBER.
or_number() {
  if getent "$1" "$2" >/dev/null 2>&1 || cut -d : -f 1 "/etc/$1" 2>/dev/null | grep -qxF -e "$2"; then printf '%s' "$2"
  else printf '%s' "$3"; fi
}

# owned UID USER GID GROUP PATH: whether it belongs to these. By number only where this host does not have the name: the
# number may be somebody else's here.
owned() {
  [ "$(stat -c "$(by passwd "$2" U u) $(by group "$4" G g)" -- "$5")" = "$(or_number passwd "$2" "$1") $(or_number group "$4" "$3")" ]
}
by() { if [ "$(or_number "$1" "$2" /)" = / ]; then printf '%%%s' "$4"; else printf '%%%s' "$3"; fi; }

# labels: whether files have SELinux labels here that can be set.
labels() { [ -e /sys/fs/selinux/enforce ] && command -v chcon >/dev/null 2>&1; }

# same SUM MODE UID USER GID GROUP LABEL PATH: whether the file is as it was.
same() {
  [ -f "$8" ] && [ ! -L "$8" ] && [ "$(stat -c %a -- "$8")" = "$2" ] && owned "$3" "$4" "$5" "$6" "$8" || return 1
  if [ "$7" != - ] && labels && [ "$(stat -c %C -- "$8")" != "$7" ]; then return 1; fi
  [ "$(sum "$8")" = "$1" ]
}
