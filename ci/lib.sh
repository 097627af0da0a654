# Shared by ./dev and the scripts in ci/. Sourced, never run.

say() { printf '%s\n' "$*"; }
die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# The end of a log, where the reason of a failure stands.
show_log_end() { tail -n "${2:-40}" "$1" | sed 's/^/    | /' >&2; }

# build_preset PRESET TARGET...: configures where needed, then builds. The log is in $BUILD_LOG.
build_preset() {
  local preset=$1
  shift
  BUILD_LOG=$ROOT/build/logs/build-$preset.log
  mkdir -p build/logs
  : >"$BUILD_LOG"
  # CMake looks at its own files again by itself, but not at the presets.
  if [[ ! -e build/$preset/build.ninja || -n ${PACKAGES_INSTALLED:-} || CMakePresets.json -nt build/$preset/configured ]]; then
    cmake --preset "$preset" >>"$BUILD_LOG" 2>&1 || return 1
    touch "build/$preset/configured"
  fi
  cmake --build "build/$preset" --target "$@" -- -k 0 >>"$BUILD_LOG" 2>&1
}
