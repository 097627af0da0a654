# `./dev docs`. Sourced.

run_docs() {
  local page name out=$ROOT/build/docs warnings bad=0 count=0
  mkdir -p "$out"
  for page in docs/man/*.[1-9n]*; do
    [[ -e $page ]] || continue
    name=$(basename "$page")
    count=$((count + 1))
    warnings=$(LC_ALL=C.UTF-8 MANWIDTH=100 MAN_KEEP_FORMATTING= man --warnings -E UTF-8 -l "$page" 2>&1 >"$out/$name.txt")
    if [[ -n $warnings || ! -s $out/$name.txt ]]; then
      printf '%s: %s\n' "$page" "${warnings:-renders as an empty page}"
      bad=$((bad + 1))
    fi
  done
  if ((bad)); then
    say "$bad of $count manual pages have faults"
    return 1
  fi
  say "$count manual pages are in order; as text in build/docs"
}
