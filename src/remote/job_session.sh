# shellcheck shell=sh
# Where logind ends all that a session leaves running (KillUserProcesses=yes), a detached process is
# gone with the connection: there a job must be started outside of the session, by systemd itself.

# session_user: sets _whose to the user whose session we are in; to nothing when systemd does not run this
# host (sd_booted(3)), or the process is in no session. With sudo it is still who logged in. Every new job asks,
# so this starts no program on hosts where nothing comes of it.
session_user() {
  _whose=''
  [ -d /run/systemd/system ] || return 0
  while IFS= read -r _line; do
    case $_line in */user-*.slice/session-*.scope*) ;; *) continue ;; esac
    _uid=${_line%.slice/session-*} _uid=${_uid##*/user-}
    case $_uid in '' | *[!0-9]*) ;; *) _whose=$(id -un "$_uid"); return ;; esac
  done </proc/self/cgroup
}

# ask_logind: sets _logind to its settings, as it runs or, when it cannot be asked, as it is configured. Asked
# once: each call takes some 15 ms, and every new job needs it. (Lists that are empty may be left out of the answer.)
ask_logind() {
  _logind=$(loginctl show-session -p KillUserProcesses -p KillOnlyUsers -p KillExcludeUsers 2>/dev/null)
  case $_logind in *KillUserProcesses=*) return ;; esac
  _logind=$(for _dir in /usr/lib /run /etc; do
    cat "$_dir/systemd/logind.conf" "$_dir"/systemd/logind.conf.d/*.conf 2>/dev/null
  done)
}

# logind_says NAME: one of them; the last word counts.
logind_says() { printf '%s\n' "$_logind" | sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" | tail -n 1; }

# session_kills USER: whether logind ends what USER leaves, judged as logind does (an unset list of
# the spared means root, but looks empty: root's jobs go to systemd for nothing then, which does no
# harm). Not knowing counts as yes, as built upstream.
session_kills() {
  ask_logind
  case " $(logind_says KillExcludeUsers) " in *" $1 "*) return 1 ;; esac
  _only=$(logind_says KillOnlyUsers)
  if [ -n "$_only" ]; then
    case " $_only " in *" $1 "*) return 0 ;; *) return 1 ;; esac
  fi
  case $(logind_says KillUserProcesses) in no | false | off | 0) return 1 ;; esac
}

# limits: what this login may use, as properties of a unit, one a line; a unit of systemd has less by
# default than a login (limits.conf), and what a job starts (Cassandra!) would inherit that.
limits() {
  awk '/^Max (open files|processes|locked memory|address space) / {
      name = $2 == "open" ? "NOFILE" : $2 == "processes" ? "NPROC" : $2 == "locked" ? "MEMLOCK" : "AS"
      at = name == "NPROC" ? 3 : 4
      line = "Limit" name "=" $at ":" $(at + 1); gsub("unlimited", "infinity", line); print line
    }' /proc/self/limits
  echo TasksMax=infinity
}

# by_systemd DIR RUN: the supervisor as a transient unit, in the environment that it would have
# here. KillMode: what the job leaves running on purpose stays when the unit ends. Not Type=exec,
# which systemd 239 (RHEL 8) does not know: that it began is seen from its files. A file of its own,
# as systemd has its own ideas about dollar signs in a command. Sets why when it fails.
by_systemd() {
  export -p >"$dir/env"
  # shellcheck disable=SC2016 # for the shell of the unit
  printf '%s\n' '. "$1/env"; exec sh "$1/supervise" "$@" >"$1/log" 2>&1' >"$dir/unit"
  set -- sh "$dir/unit" "$@"
  for _limit in $(limits); do set -- -p "$_limit" "$@"; done
  set -- --unit="reseed-$(printf '%s' "$dir" | cksum | tr ' ' -)" --quiet --collect -p KillMode=process "$@"
  if [ "$(id -u)" != 0 ]; then
    XDG_RUNTIME_DIR=/run/user/$(id -u); export XDG_RUNTIME_DIR
    set -- --user "$@"
  fi
  why=$(systemd-run "$@" 2>&1 </dev/null 9>&-)
}

# how: sets starter to by_systemd or detached; ends the script when neither would last.
how() {
  starter=detached
  session_user
  if [ -z "$_whose" ] || ! session_kills "$_whose"; then return; fi
  starter=by_systemd
  [ "$(id -u)" = 0 ] || [ -e "/var/lib/systemd/linger/$(id -un)" ] ||
    die "logind on this host kills what a session leaves running (KillUserProcesses): use become: sudo, or loginctl enable-linger $(id -un)"
}
