# system_tables: directories of the tables of `system` that send writes to other nodes again after a
# start, as `label<tab>path<tab>place`, one a line. Comes before scripts that move these. SYSTEM_DIRS:
# where `system` may be, the same way; RESENDING: names of tables. The directories themselves stay,
# and so do `snapshots` and `backups` in them, which are others'.
system_tables() {
  printf '%s\n' "$SYSTEM_DIRS" | while IFS="$tab" read -r _label _path _place; do
    printf '%s\n' "$RESENDING" | while IFS= read -r _table; do
      for _dir in "$_path/system/$_table"-*; do
        [ ! -d "$_dir" ] || printf '%s\t%s\t%s\n' "$_label/system/${_dir##*/}" "$_dir" "$_place"
      done
    done
  done
}
