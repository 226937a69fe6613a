# shellcheck shell=sh
# What the two ways of an archive share: the operator's COMMAND, and a tap on the stream between it and tar.
# Gets TAG, CLUSTER, COMMAND. Scripts that need it follow this one.
tap=$RESEED_JOB/tap
for _tool in tar tee mkfifo; do
  command -v "$_tool" >/dev/null 2>&1 || die "$_tool is not on the PATH of the login: an archive needs it"
done

# operator: runs COMMAND, from /, with only these two of ours in its environment.
operator() {
  (
    cd / || exit 1
    RESEED_TAG=$TAG RESEED_CLUSTER=$CLUSTER
    export RESEED_TAG RESEED_CLUSTER
    exec sh -c "$COMMAND"
  )
}

hash_stream() {
  if command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r; else sha256sum; fi
}

# open_tap TOTAL: before the pipeline that `tapped` is part of; TOTAL bytes are expected (0: not known).
open_tap() {
  rm -rf -- "$tap"
  if ! mkdir -- "$tap" || ! mkfifo "$tap/hashed" "$tap/counted"; then die "cannot make a pipe in $RESEED_JOB"; fi
  hash_stream <"$tap/hashed" >"$tap/sum" &
  hasher=$!
  wc -c <"$tap/counted" >"$tap/bytes" &
  counter=$!
  while kill -0 "$counter"; do
    # what it has read, as the kernel counts it
    done=$(awk -v most="$1" '$1 == "rchar:" { print (most > 0 && $2 > most + 0 ? most : $2) }' "/proc/$counter/io")
    # one that has ended has read nothing any more
    [ "${done:-0}" = 0 ] || progress "$done" "$1" bytes
    sleep 1
  done 2>/dev/null &
}

# tapped: its input goes on to its output, and past those two. When whoever reads goes away, cat ends by a
# signal or, where that is ignored (systemd does so), with an error; tee would then say that all is well.
tapped() { tee "$tap/hashed" "$tap/counted" | cat; echo "$?" >"$tap/cat"; }

# close_tap: sets sum and bytes. Opening both ways never waits, and wakes a reader that nobody ever wrote to.
close_tap() {
  : <>"$tap/hashed"
  : <>"$tap/counted"
  wait "$hasher" "$counter"
  read -r sum _ <"$tap/sum"
  read -r bytes <"$tap/bytes"
}

# ended NAME: the exit code that this part of the pipeline left.
ended() { cat "$tap/$1" 2>/dev/null || echo unknown; }
