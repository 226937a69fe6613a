# What every remote script relies on. POSIX sh only; no bashisms, nothing installed.
LC_ALL=C; export LC_ALL
umask 077

# Ends the script: the last line of stderr says why.
die() { printf '%s\n' "$*" >&2; exit 1; }

# as_user USER COMMAND...: runs COMMAND as USER ('' = as we are), with our PATH.
as_user() {
  _user=$1; shift
  if [ -z "$_user" ] || [ "$(id -un)" = "$_user" ]; then "$@"
  elif [ "$(id -u)" != 0 ]; then sudo -n -u "$_user" -- env PATH="$PATH" "$@"
  elif command -v runuser >/dev/null 2>&1; then runuser -u "$_user" -- env PATH="$PATH" "$@"
  else
    # busybox: su takes one string, so the words are quoted once more
    _words=
    for _word in "$@"; do
      _words="$_words '$(printf '%s' "$_word" | sed "s/'/'\\\\''/g")'"
    done
    su -s /bin/sh "$_user" -c "PATH='$PATH' exec $_words"
  fi
}
