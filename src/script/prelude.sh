# What every remote script relies on. POSIX sh only; nothing is installed on a host.
# Values come as variables set above; $RESEED_RUN is the run; lists hold one item per line.
LC_ALL=C; export LC_ALL
umask 077
tab='	'

# echo WORDS: as they are. That of dash takes backslashes in a value for its own signs: after \c it ends the output.
echo() { printf '%s\n' "$*"; }

# die WORDS: ends the script; the last line of stderr says why.
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

# nt ARGUMENTS...: nodetool with the configured connection arguments ($NODETOOL_ARGS, one a line).
nt() {
  _ifs=$IFS
  IFS='
'
  set -f
  # shellcheck disable=SC2086 # split at line ends, which is the list form of all scripts
  set -- $NODETOOL_ARGS "$@"
  set +f
  IFS=$_ifs
  as_user "$RUN_AS" "$NODETOOL" "$@"
}

# run_command SHELL_TEXT: an operator's own command (start, stop, status) as $RUN_AS.
# From /, because that user may not enter the directory that we are in.
run_command() { (cd / && as_user "$RUN_AS" sh -c "$1"); }

# start_as USER COMMAND...: as_user for what is to outlive the job: in a session of its own, so that
# a cancelled job leaves it alone and a job does not seem to run as long as it does. Its output goes
# to a file, which may be held open for as long as it likes.
start_as() {
  _as=$1; shift
  # without -w (busybox) one that leads a group (sudo may make it do so) is not waited for
  if setsid -w true 2>/dev/null; then set -- setsid -w "$@"
  elif command -v setsid >/dev/null 2>&1; then set -- setsid "$@"
  fi
  as_user "$_as" "$@" >"$RESEED_JOB/start.out" 2>&1 </dev/null
}

# start_command SHELL_TEXT: an operator's own start command, as $RUN_AS, from /.
start_command() { (cd / && start_as "$RUN_AS" sh -c "$1"); }

# cassandra_pids: ids of Cassandra's processes, one a line. Only java counts: an editor or a
# grep may hold the class name too (hence also the brackets).
cassandra_pids() {
  # `|| :`: no match is an answer, and processes vanish while we look
  { grep -l -a -s 'org.apache.cassandra.service.CassandraDaemo[n]' /proc/[0-9]*/cmdline || :; } |
    while IFS= read -r _file; do
      _arg0=$(tr '\0' '\n' 2>/dev/null <"$_file" | head -n 1)
      case ${_arg0##*/} in java*) _pid=${_file%/cmdline}; printf '%s\n' "${_pid##*/}" ;; esac
    done
}

# open_files PID: `device:inode` of each file that a process holds open, one a line; nothing when that cannot be
# seen. Only root and its owner ($RUN_AS) may look into a process.
open_files() {
  # shellcheck disable=SC2016 # it is for another shell
  _look='printf "%s\n" "/proc/$1/fd"/* | xargs stat -L -c %d:%i 2>/dev/null'
  _held=$(sh -c "$_look" sh "$1")
  [ -n "$_held" ] || _held=$(as_user "$RUN_AS" sh -c "$_look" sh "$1")
  printf '%s\n' "$_held"
}

# log_kept LOG: whether Cassandra writes that log: `yes` or `no`, as its process holds the file open; nothing when
# that cannot be seen.
log_kept() {
  _open=$(for _pid in $(cassandra_pids); do open_files "$_pid"; done)
  case $_open in *:*) ;; *) return ;; esac
  if printf '%s\n' "$_open" | grep -q -F -x -- "$(stat -L -c %d:%i -- "$1")"; then echo yes; else echo no; fi
}

# no_cassandra: ends the script unless Cassandra is stopped. Where a supervisor without systemd starts it
# again and again, a guarded one lives for some seconds each time and touches no table: these are waited for.
no_cassandra() {
  _seconds=0
  while [ -n "$(cassandra_pids)" ]; do
    [ "$_seconds" -lt 15 ] || die "Cassandra runs"
    _seconds=$((_seconds + 1))
    sleep 1
  done
}

# listening PORT: whether any address of this host listens there.
listening() {
  # asked five times a second while nodes start: so one process, and only of lines that listen (0A)
  grep -q -s "^ *[0-9]*: [0-9A-F]*:$(printf '%04X' "$1") [0-9A-F]*:[0-9A-F]* 0A " /proc/net/tcp /proc/net/tcp6
}

# connected PORTS: for each established connection to one of these ports of ours, where it comes from,
# in the hexadecimal form of /proc/net/tcp; IPv4 within IPv6 as IPv4. From this host itself, too: a gateway may run here.
connected() {
  _ports=
  for _port in $1; do _ports="$_ports $(printf '%04X' "$_port")"; done
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v ports="$_ports " '
    { split($2, here, ":"); split($3, there, ":") }
    $4 == "01" && index(ports, " " here[2] " ") {
      sub(/^0000000000000000FFFF0000/, "", there[1]); print "reseed: client " there[1]
    }'
}

# log_since FILE BYTE: what a log says above INFO from that byte on, at most 256 KiB of it. A log
# that is shorter by now was rotated and is read whole.
log_since() {
  _from=$2
  if [ "$_from" -lt 0 ] || [ "$(wc -c <"$1")" -lt "$_from" ]; then _from=0; fi
  tail -c "+$((_from + 1))" "$1" | grep -v -E '^(INFO|DEBUG|TRACE)[ []' | tail -c 262144 || :
}

# last_start FILE BYTE: the byte of a log at which the last start of Cassandra begins, of those that it
# tells of from that byte on; nothing when it tells of none. (2.2 tells no location, only the configuration.)
last_start() {
  tail -c "+$(($2 + 1))" "$1" |
    awk -v at="$2" '/ Configuration location: | Node configuration:\[/ { n = at; hit = 1 } { at += length($0) + 1 } END { if (hit) printf "%.0f\n", n }'
}

# inode PATH
inode() { stat -c %i -- "$1"; }

# rename FROM TO: rename(2) or nothing. `mv` nests into an existing directory and silently copies
# across filesystems, both with exit code 0; so everything is checked, before and after. (A copy that is cut
# off leaves half of it under the new name: it must not begin.)
rename() {
  [ -e "$1" ] || die "rename: $1 is not there"
  if [ -e "$2" ] || [ -L "$2" ]; then die "rename: $2 is in the way"; fi
  _was=$(stat -c %d:%i -- "$1")
  [ "$(stat -c %d -- "$(dirname -- "$2")/")" = "${_was%%:*}" ] || die "rename: $1 and $2 are on different filesystems"
  mv -- "$1" "$2" || die "rename: $1 to $2 failed"
  if [ -e "$1" ] || [ "$(stat -c %d:%i -- "$2")" != "$_was" ]; then die "rename: $1 to $2 was not a rename"; fi
}

# ours DIRECTORY: makes a directory of ours (0700) below a `.reseed`, with its parents, all owned
# like the directory that holds `.reseed`: where that is a directory of Cassandra's own (a mount),
# a start fails on what Cassandra's user cannot read.
ours() {
  mkdir -p -- "$1" || die "cannot make $1"
  case $1 in */.reseed/*) ;; *) return 0 ;; esac
  _base=${1%%/.reseed/*}
  _owner=$(stat -c %u:%g -- "$_base") || die "cannot tell who owns $_base"
  _dir=$1
  while [ "$_dir" != "$_base" ]; do
    chown "$_owner" -- "$_dir" || die "cannot give $_dir its owner"
    _dir=${_dir%/*}
  done
}

# like REFERENCE DIRECTORY: makes an empty directory with REFERENCE's owner, mode and label.
like() {
  mkdir -- "$2" || die "cannot make $2"
  dress "$1" "$2"
}

# kin PATH: PATH, or when it is not there the directory above it that is.
kin() {
  _kin=$1
  while [ ! -d "$_kin" ]; do _kin=${_kin%/*}; done
  printf '%s\n' "$_kin"
}

# fresh DIRECTORY: makes sure that it is there; what has to be made for it is like what is above it.
fresh() {
  [ ! -d "$1" ] || return 0
  fresh "${1%/*}"
  like "${1%/*}" "$1"
}

# dress REFERENCE PATH: gives PATH the owner, mode and SELinux label of REFERENCE.
dress() {
  chown "$(stat -c %u:%g -- "$1")" -- "$2" || die "cannot give $2 its owner"
  chmod "$(stat -c %a -- "$1")" -- "$2" || die "cannot give $2 its mode"
  if [ -e /sys/fs/selinux/enforce ] && command -v chcon >/dev/null 2>&1; then
    chcon --reference="$1" -- "$2" || die "cannot give $2 its label"
  fi
}

# gently [idle]: gives way to all others on this host, and still makes headway; idle: only when nobody
# else wants the disk. (`$$` is the shell that we are a child of, and not us.)
gently() {
  read -r _self _ </proc/self/stat
  if [ "${1:-}" = idle ]; then set -- 19 3; else set -- 10 2 -n 7; fi
  renice -n "$1" -p "$_self" >/dev/null 2>&1 || :
  shift
  ionice -c "$@" -p "$_self" >/dev/null 2>&1 || :
}

# hundredths: sets now, in hundredths of a second since boot. Naps are not counted instead: on a busy host they take
# longer. Where /proc does not tell, each time counts as ten.
now=0
hundredths() {
  if { read -r _up _ </proc/uptime; } 2>/dev/null; then
    now=${_up%.*}${_up#*.}
    # octal otherwise, in the first second
    now=${now#"${now%%[!0]*}"}
    now=${now:-0}
  else now=$((now + 10)); fi
}

# hash_tool: what hashes here. openssl uses the CPU's sha instructions and is several times faster than
# most sha256sum.
hash_tool() { if command -v openssl >/dev/null 2>&1; then echo openssl; else echo sha256sum; fi; }

# hash_list: reads file names (no spaces), prints `sha256  name` each.
hash_list() {
  if [ "$(hash_tool)" = openssl ]; then
    xargs -r openssl dgst -sha256 -r | sed 's/ \*/  /'
  else
    xargs -r sha256sum
  fi
}

# hash_stream: the sha256 of what comes in, first word of a line.
hash_stream() { if [ "$(hash_tool)" = openssl ]; then openssl dgst -sha256 -r; else sha256sum; fi; }

# progress DONE TOTAL UNIT: where the job stands, for whoever looks.
progress() {
  if [ -n "${RESEED_PROGRESS:-}" ]; then printf '%s %s %s\n' "$1" "$2" "$3" >"$RESEED_PROGRESS"; fi
}

# cql FILE: runs the CQL file against $CQL_HOST. The password is in $RESEED_SECRET (a shell
# variable) and reaches cqlsh in a 0600 file that a trap removes.
cql() {
  _shm=/dev/shm
  [ -w "$_shm" ] || _shm=${TMPDIR:-/tmp}
  _rc=$(mktemp -d "$_shm/reseed.XXXXXX") || die "cannot make a private directory"
  # shellcheck disable=SC2064 # the path as it is now
  trap "rm -rf '$_rc'" EXIT
  trap 'exit 129' HUP INT TERM
  {
    printf '[authentication]\n'
    if [ -n "$CQL_USER" ]; then printf 'username = %s\npassword = %s\n' "$CQL_USER" "${RESEED_SECRET:-}"; fi
    printf '[connection]\nrequest_timeout = 60\ntimeout = 20\n'
  } >"$_rc/cqlshrc"
  _ifs=$IFS
  IFS='
'
  set -f
  # shellcheck disable=SC2086
  set -- "$1" $CQLSH_ARGS
  set +f
  IFS=$_ifs
  _file=$1; shift
  "$CQLSH" "$@" --no-color --cqlshrc="$_rc/cqlshrc" "$CQL_HOST" "$CQL_PORT" -f "$_file" </dev/null
  _rc2=$?
  rm -rf "$_rc"
  trap - EXIT HUP INT TERM
  return "$_rc2"
}
