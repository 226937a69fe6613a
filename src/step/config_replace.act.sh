# Puts FILES and LINKS in their places (TARGETS: where the links lead, in their order). What is there is kept in $kept under
# its own path; what somebody put there before a second attempt, beside it as PATH.2, PATH.3 …

# failed WHY: ends it; what is half there, and may be a secret, goes.
temp=
failed() {
  [ -z "$temp" ] || rm -f -- "$temp"
  die "$1"
}

# own MODE UID USER GID GROUP MTIME LABEL PATH: as it was. By name first: on a new machine the numbers may differ.
own() {
  chown -h -- "$(or_number passwd "$3" "$2"):$(or_number group "$5" "$4")" "$8" || failed "cannot give $8 its owner $3:$5"
  [ -L "$8" ] || chmod "$1" -- "$8" || failed "cannot give $8 its mode"
  [ -L "$8" ] || [ "$6" = - ] || touch -d "@$6" -- "$8" 2>/dev/null || :
  if [ "$7" != - ] && labels; then chcon -h -- "$7" "$8" || failed "cannot give $8 its label"; fi
}

# keep PATH: what is there gets a second name in $kept, or a compared copy where that is another filesystem. A link goes
# there itself: a rename onto a link that leads to a directory would go into the directory.
keep() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  if [ -d "$1" ] && [ ! -L "$1" ]; then failed "$1 is a directory now"; fi
  old=$kept$1
  again=1
  while [ -e "$old" ] || [ -L "$old" ]; do
    # an earlier attempt kept this very file
    if [ ! -L "$1" ] && [ ! -L "$old" ] && cmp -s -- "$1" "$old"; then return 0; fi
    again=$((again + 1))
    old=$kept$1.$again
  done
  mkdir -p -- "${old%/*}" || failed "cannot make ${old%/*}"
  if [ -L "$1" ]; then mv -- "$1" "$old" || failed "cannot move $1 to $old"; return 0; fi
  if ln -- "$1" "$old" 2>/dev/null; then return 0; fi
  rm -f -- "$old.part"
  if cp -p -- "$1" "$old.part" && cmp -s -- "$1" "$old.part" && mv -- "$old.part" "$old"; then return 0; fi
  failed "cannot keep $1 as $old"
}

printf '%s\n' "$DIRS" | sort -t "$tab" -k 9 | while IFS="$tab" read -r _ mode uid user gid group _ label path; do
  if [ -z "$path" ] || [ -d "$path" ]; then continue; fi
  fresh "${path%/*}"
  mkdir -- "$path" || die "cannot make $path"
  own "$mode" "$uid" "$user" "$gid" "$group" - "$label" "$path"
done || exit 1

files=$(printf '%s\n' "$FILES" | while IFS="$tab" read -r hash mode uid user gid group mtime label path; do
  [ -n "$path" ] || continue
  if same "$hash" "$mode" "$uid" "$user" "$gid" "$group" "$label" "$path"; then echo same; continue; fi
  fresh "${path%/*}"
  # aside first, so that nothing is half there when the disk is full
  temp=${path%/*}/.reseed-$RESEED_RUN.part
  rm -f -- "$temp"
  # never through a link that somebody put there meanwhile
  (set -C && umask 077 && cat -- "$stage/$hash" >"$temp") || failed "cannot write $temp"
  own "$mode" "$uid" "$user" "$gid" "$group" "$mtime" "$label" "$temp"
  [ "$(sum "$temp")" = "$hash" ] || failed "$temp is not what was sent"
  sync
  keep "$path"
  mv -f -- "$temp" "$path" || failed "cannot replace $path"
  echo replaced
done) || exit 1

number=0
links=$(printf '%s\n' "$LINKS" | while IFS="$tab" read -r _ mode uid user gid group _ label path; do
  [ -n "$path" ] || continue
  number=$((number + 1))
  to=$(printf '%s\n' "$TARGETS" | sed -n "${number}p")
  if [ -L "$path" ] && [ "$(readlink -- "$path")" = "$to" ]; then echo same; continue; fi
  fresh "${path%/*}"
  keep "$path"
  temp=${path%/*}/.reseed-$RESEED_RUN.part
  rm -f -- "$temp"
  ln -s -- "$to" "$temp" || die "cannot make $temp"
  own "$mode" "$uid" "$user" "$gid" "$group" - "$label" "$temp"
  mv -f -- "$temp" "$path" || failed "cannot replace $path"
  echo replaced
done) || exit 1
sync
all=$(printf '%s\n%s\n' "$files" "$links")
replaced=$(printf '%s\n' "$all" | grep -c '^replaced$')
was=$(printf '%s\n' "$all" | grep -c '^same$')
if [ "$replaced" = 0 ]; then echo "all $was as they were, nothing replaced"
elif [ -d "$kept" ]; then echo "$replaced put back, $was as they were; what they replaced is in $kept; restart what reads them"
else echo "$replaced put back, $was as they were; restart what reads them"
fi
