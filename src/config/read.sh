# Parts of files, each as one line of base64. PIECES: `offset<tab>count<tab>path`. What cannot be read is an empty
# line, which the hash will show.
printf '%s\n' "$PIECES" | while IFS="$tab" read -r offset count path; do
  printf 'piece=%s\n' "$(tail -c "+$((offset + 1))" "$path" 2>/dev/null | head -c "$count" | base64 | tr -d '\n')"
done
