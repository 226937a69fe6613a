#!/bin/sh
# A stand-in for cqlsh: the schema from files, and for any other query what the table's file holds.
. "${0%/*}/../host"
if [ "$1" = --version ]; then echo cqlsh 6.1.0; exit; fi
[ -e "$here/native-open" ] || { echo "Connection error: ('Unable to connect to any servers', Connection refused)" >&2; exit 1; }
file=
while [ $# -gt 0 ]; do
  [ "$1" != -f ] || file=$2
  shift
done
while IFS= read -r line; do
  case $line in
    *system_schema.* | *system.repairs*)
      rows=${line##*system_schema.}
      rows=${rows##*system.}
      rows=$shared/schema/${rows%;}
      printf '\n [json]\n----------------------------\n'
      sed 's/^/   /' "$rows"
      printf '\n(%s rows)\n' "$(wc -l <"$rows")"
      ;;
    "DESCRIBE KEYSPACE"*) printf '\nCREATE KEYSPACE ks1 WITH replication = {};\n' ;;
    SELECT*) printf '\n what\n------\n %s\n\n(1 rows)\n' "$(cat "$here"/data/ks1/plain-*/nb-1-big-Data.db)" ;;
  esac
done <"$file"
