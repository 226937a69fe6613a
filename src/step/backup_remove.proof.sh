for left in "$ROOT/$NAME" "$ROOT/.pruned-$TAG"; do
  if [ -e "$left" ] || [ -L "$left" ]; then die "still there: $left"; fi
done
echo "gone"
