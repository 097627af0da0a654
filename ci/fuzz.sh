# `./dev fuzz`, and the short run that is part of `./dev test`. Sourced.

fuzz_targets() {
  local file
  for file in tests/fuzz/*_fuzz.cpp; do
    if [[ -e $file ]]; then basename "$file" _fuzz.cpp; fi
  done
}

# fuzz_one NAME SECONDS [OPTION...]: the kept inputs first, then new ones. A crash is kept and makes it fail.
fuzz_one() {
  local name=$1 seconds=$2 dictionary=() directories=("build/fuzz/corpus/$1")
  shift 2
  mkdir -p "build/fuzz/corpus/$name" build/fuzz/crashes
  if [[ -d tests/fuzz/corpus/$name ]]; then directories+=("tests/fuzz/corpus/$name"); fi
  if [[ -e tests/fuzz/$name.dict ]]; then dictionary=("-dict=tests/fuzz/$name.dict"); fi
  if [[ -x /usr/bin/llvm-symbolizer-19 ]]; then export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19; fi
  timeout $((seconds + 120)) "build/fuzz/bin/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/crashes/$name-" "${dictionary[@]}" "$@" "${directories[@]}"
}

run_fuzz() {
  local seconds=60 name names=() log failed=0 started
  while (($#)); do
    case $1 in
      --seconds) seconds=${2:-}; shift $(($# > 1 ? 2 : 1)) ;;
      --list) fuzz_targets; return ;;
      -*) die "fuzz: unknown option '$1'; --seconds N and --list are the options" ;;
      *) names+=("${1%_fuzz}"); shift ;;
    esac
  done
  [[ $seconds =~ ^[0-9]+$ && $seconds -gt 0 ]] || die "fuzz: --seconds takes a number above 0, not '$seconds'"
  if ((${#names[@]} == 0)); then mapfile -t names < <(fuzz_targets); fi
  for name in "${names[@]}"; do
    [[ -e tests/fuzz/${name}_fuzz.cpp ]] || die "fuzz: no target '$name'; there are: $(fuzz_targets | tr '\n' ' ')"
  done
  need_packages build fuzz
  say "building the fuzz targets"
  build_preset fuzz fuzz_targets || { show_log_end "$BUILD_LOG"; die "the build of preset fuzz failed; the whole log: $BUILD_LOG"; }
  for name in "${names[@]}"; do
    log=$ROOT/build/logs/fuzz-$name.log
    started=$SECONDS
    if fuzz_one "$name" "$seconds" >"$log" 2>&1; then
      say "$name: no fault in $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log" | tail -1) runs, $((SECONDS - started)) s"
    else
      failed=$((failed + 1))
      show_log_end "$log"
      say "$name: FAULT; the input is in build/fuzz/crashes, the log is $log"
    fi
  done
  if ((failed)); then return 1; fi
  say "${#names[@]} targets, no fault"
}
