# `./dev format`. Sourced.

format_files() {
  find include src tcl cli tests bench examples -type f \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' \) | sort
}

run_format() {
  case ${1:-} in
    '') format_files | xargs -r clang-format-19 -i && say "formatted $(format_files | wc -l) files" ;;
    --check)
      local unformatted
      unformatted=$(format_files | xargs -r -P"$(nproc)" -n16 clang-format-19 --dry-run 2>&1 | sed -nE 's/^([^: ]+):[0-9]+:.*warning.*/\1/p' | sort -u)
      if [[ -n $unformatted ]]; then
        say "$unformatted"
        say "these files are not formatted; run ./dev format"
        return 1
      fi
      say "all $(format_files | wc -l) files are formatted"
      ;;
    *) die "format: unknown argument '$1'; --check is the only option" ;;
  esac
}
