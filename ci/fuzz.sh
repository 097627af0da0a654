# `./dev fuzz`, and the short run that is part of `./dev test`. Sourced.

fuzz_targets() {
  local file
  for file in tests/fuzz/*_fuzz.cpp; do
    if [[ -e $file ]]; then basename "$file" _fuzz.cpp; fi
  done
}

FUZZ_WRAPPER=(env) # what runs the target

# fuzz_inputs NAME KEPT OPTION...: the inputs in KEPT first, and those of the repository, then new ones, which go to
# KEPT. A crash is kept and makes it fail.
fuzz_inputs() {
  local name=$1 kept=$2 dictionary=() repository=()
  shift 2
  mkdir -p "$kept" build/fuzz/crashes
  if [[ -d tests/fuzz/corpus/$name ]]; then repository=("tests/fuzz/corpus/$name"); fi
  if [[ -e tests/fuzz/$name.dict ]]; then dictionary=("-dict=tests/fuzz/$name.dict"); fi
  if [[ -x /usr/bin/llvm-symbolizer-19 ]]; then export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19; fi
  "${FUZZ_WRAPPER[@]}" "build/fuzz/bin/${name}_fuzz" -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/crashes/$name-" "${dictionary[@]}" "$@" "$kept" "${repository[@]}"
}

# fuzz_one NAME SECONDS: goes on from where the last one ended.
fuzz_one() { fuzz_inputs "$1" "build/fuzz/corpus/$1" -max_total_time="$2" -timeout=20; }

# fuzz_again NAME: the same inputs in every run and on every machine, so that what is found is the change's doing. Where
# things lie in memory has its say in what libFuzzer takes for new, and is the same too. A TLS handshake costs a hundred
# times what parsing a message does.
fuzz_again() {
  local runs=20000
  if [[ $1 == tls_* ]]; then runs=1500; fi
  local FUZZ_WRAPPER=(setarch "$(uname -m)" -R)
  rm -rf "build/fuzz/again/$1"
  fuzz_inputs "$1" "build/fuzz/again/$1" -seed=1 -runs="$runs" -timeout=120
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
