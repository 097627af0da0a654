# `./dev format`. Sourced.

format_files() {
  find include src tcl cli tests bench examples -type f \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' \) | sort
}

run_format() {
  case ${1:-} in
    '') format_files | xargs -r clang-format-19 -i && say "formatted $(format_files | wc -l) files" ;;
    --check)
      if format_files | xargs -r clang-format-19 --dry-run --Werror; then
        say "all $(format_files | wc -l) files are formatted"
      else
        say "run ./dev format"
        return 1
      fi
      ;;
    *) die "format: unknown argument '$1'; --check is the only option" ;;
  esac
}
