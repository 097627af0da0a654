# `./dev test`. Sourced. Each suite is one line of output; the last line is the sum of all.
source ci/format.sh
source ci/docs.sh
source ci/fuzz.sh

TOTAL_PASSED=0
TOTAL_FAILED=0
TOTAL_SKIPPED=0
LOGS=$ROOT/build/logs
SELECTED=()

selected() {
  local pattern
  if ((${#SELECTED[@]} == 0)); then return 0; fi
  for pattern in "${SELECTED[@]}"; do
    # shellcheck disable=SC2053  # the right side is a pattern
    if [[ $1 == $pattern ]]; then return 0; fi
  done
  return 1
}

# ---- What a log says. Each sets PASSED, FAILED and SKIPPED; a command that fails without saying so counts as one. -----

count_lines() { grep -cE "$1" "$2" || true; }

# A program that ends without its closing line died in a test: one failure more.
read_gtest() {
  PASSED=$(count_lines '^\[       OK \] ' "$1")
  FAILED=$(count_lines '^\[  FAILED  \] .*\([0-9]+ ms\)$' "$1")
  SKIPPED=$(count_lines '^\[  SKIPPED \] .*\([0-9]+ ms\)$' "$1")
  if ! grep -qE '^\[==========\] .* ran\.' "$1"; then FAILED=$((FAILED + 1)); fi
}

read_tap() {
  PASSED=$(count_lines '^ok\b' "$1")
  SKIPPED=$(count_lines '^ok\b.*# [Ss][Kk][Ii][Pp]' "$1")
  FAILED=$(count_lines '^not ok\b' "$1")
  PASSED=$((PASSED - SKIPPED))
}

# The line that all.tcl prints at the end; a file of tests that died is named on a line of its own.
read_tcltest() {
  local line
  line=$(grep -E '^all\.tcl:.*Total' "$1" | tail -1 || true)
  PASSED=$(sed -nE 's/.*Passed[[:space:]]+([0-9]+).*/\1/p' <<<"$line")
  FAILED=$(sed -nE 's/.*Failed[[:space:]]+([0-9]+).*/\1/p' <<<"$line")
  SKIPPED=$(sed -nE 's/.*Skipped[[:space:]]+([0-9]+).*/\1/p' <<<"$line")
  : "${PASSED:=0}" "${FAILED:=0}" "${SKIPPED:=0}"
  if grep -q '^Test files exiting with errors' "$1"; then FAILED=$((FAILED + 1)); fi
}

read_check() {
  PASSED=1 FAILED=0 SKIPPED=0
}

show_failures() {
  {
    case $1 in
      gtest) awk '/^\[ RUN/ { block = "" } { block = block $0 "\n" } /^\[  FAILED  \].*\(/ { printf "%s", block }' "$2" ;;
      tap) grep -E -A12 '^not ok\b' "$2" ;;
      tcltest)
        awk '/^==== .* FAILED$/ { marks++ } marks % 2 || /^==== .* FAILED$/ { print }' "$2"
        grep -A12 -E '^Test file error' "$2"
        ;;
    esac | head -80
    if died "$1" "$2"; then tail -50 "$2"; fi
  } | cut -c1-400 | sed 's/^/    | /' || true
}

# Whether the end of the log says more than the tests themselves.
died() {
  case $1 in
    gtest) ! grep -qE '^\[==========\] .* ran\.' "$2" || grep -qE 'Sanitizer|runtime error' "$2" ;;
    tap) ! grep -qE '^not ok' "$2" ;;
    tcltest) ! grep -qE '^all\.tcl:' "$2" || grep -qE 'Sanitizer|runtime error' "$2" ;;
    *) true ;;
  esac
}

# suite NAME KIND COMMAND...: KIND (gtest, tap, tcltest, check) tells how its output is counted.
suite() {
  local name=$1 kind=$2 started=$SECONDS status=0 log=$LOGS/${1//[\/ ]/-}.log
  shift 2
  timeout --kill-after=10 "${SUITE_LIMIT:-1800}" "$@" >"$log" 2>&1 </dev/null || status=$?
  "read_$kind" "$log"
  if [[ $kind != check ]] && ((status == 0 && PASSED + FAILED + SKIPPED == 0)); then
    echo "the suite ran no test" >>"$log"
    status=1
  fi
  if ((status != 0 && FAILED == 0)); then
    if [[ $kind == check ]]; then PASSED=0; fi
    FAILED=1
    echo "exit status $status$( ((status == 124)) && echo ': stopped after its time limit')" >>"$log"
  fi
  count "$name" "$PASSED" "$FAILED" "$SKIPPED" $((SECONDS - started))
  if ((FAILED)); then show_failures "$kind" "$log"; fi
  if ((SKIPPED)); then show_skips "$kind" "$log"; fi
}

count() {
  TOTAL_PASSED=$((TOTAL_PASSED + $2))
  TOTAL_FAILED=$((TOTAL_FAILED + $3))
  TOTAL_SKIPPED=$((TOTAL_SKIPPED + $4))
  printf '%-28s %5d passed %4d failed %4d skipped %5d s\n' "$@"
}

show_skips() {
  case $1 in
    gtest) grep -A1 -E ': Skipped$' "$2" | grep -vE ': Skipped$|^--$' | sort | uniq -c | sort -rn ;;
    tap) grep -iE '^ok\b.*# skip' "$2" | sed -E 's/^ok [0-9]* *-? *//' ;;
    tcltest) sed -n '/^Number of tests skipped for each constraint/,/^$/p' "$2" | tail -n +2 ;;
  esac | grep . | head -8 | sed 's/^[ \t]*/      skipped: /' || true
}

# A function as a suite needs a shell of its own, so that the time limit can stop it.
check() {
  local name=$1
  shift
  selected "$name" || return 0
  suite "$name" check bash -c 'set -euo pipefail; source ci/lib.sh; source ci/format.sh; source ci/docs.sh; ROOT=$OPENSSPI_ROOT; "$@"' check "$@"
}

build() {
  local started=$SECONDS status=0
  build_preset "$@" || status=$?
  tell_build "$1" "$status" $((SECONDS - started))
}

# tell_build PRESET STATUS SECONDS
tell_build() {
  local name=build-$1
  BUILD_LOG=$LOGS/$name.log
  if (($2 == 0)); then
    printf '%-28s %43d s\n' "$name" "$3"
    return 0
  fi
  count "$name" 0 1 0 "$3"
  grep -E -A6 '(^|: )(fatal )?error: |undefined reference|^FAILED:|^CMake Error' "$BUILD_LOG" | grep -vE '^\[[0-9]+/' | cut -c1-300 | head -60 | sed 's/^/    | /'
  return 1
}

# The other builds go on behind the release's suites, which for the most part wait for their peers. build_behind takes
# one word for each build, "PRESET TARGET..."; built_behind PRESET waits for all, and tells how that one ended.
BUILDER=
build_behind() {
  (
    renice -n 10 -p "$BASHPID" >/dev/null || true
    for words in "$@"; do
      read -ra words <<<"$words"
      started=$SECONDS status=0
      build_preset "${words[@]}" || status=$?
      echo "$status $((SECONDS - started))" >"$LOGS/build-${words[0]}.status"
    done
  ) &
  BUILDER=$!
}

built_behind() {
  local status seconds
  if [[ -n $BUILDER ]]; then wait "$BUILDER" || true; fi
  BUILDER=
  read -r status seconds <"$LOGS/build-$1.status" || die "the build of preset $1 ended before its end"
  tell_build "$1" "$status" "$seconds"
}

# gtest NAME PRESET PROGRAM [ARGUMENT...]: a program that was not built although it has sources is a failure.
gtest() {
  local name=$1 preset=$2 program=$3
  shift 3
  selected "$name" || return 0
  suite "$name" gtest "${WRAPPER[@]}" "build/$preset/bin/$program" --gtest_brief=0 "$@"
}
WRAPPER=(env)

# ---- The suites. --------------------------------------------------------------------------------------------------

sources_of() { compgen -G "$1" >/dev/null; }

static_checks() {
  check format run_format --check
  check layers python3 ci/check_layers.py
  check manual run_docs
}

# tests/NAME/run.sh prints TAP. OPENSSPI_BUILD is the build it is to use.
script_suites() {
  local script name
  for script in tests/*/run.sh; do
    name=$(basename "$(dirname "$script")")
    if [[ $name == interop ]] || ! selected "$name"; then continue; fi
    suite "$name" tap env OPENSSPI_BUILD="$ROOT/build/release" bash "$script"
  done
}

# Every script there, but for those that others use.
interop_scripts() {
  local script
  for script in tests/interop/*.sh; do
    case $script in
      */kdc.sh | */lib*.sh) ;;
      *) if [[ -e $script ]]; then echo "$script"; fi ;;
    esac
  done
}

interop_suites() {
  local script name
  for script in $(interop_scripts); do
    name=interop/$(basename "$script" .sh)
    selected "$name" || continue
    suite "$name" tap env OPENSSPI_BUILD="$ROOT/build/release" bash "$script"
  done
}

gtest_suites() {
  local preset=$1 prefix=$2 program
  for program in unit vector peer capi; do
    if [[ -e build/$preset/bin/${program}_tests ]] || sources_of "tests/${program/vector/vectors}/*.cpp"; then
      gtest "$prefix$program" "$preset" "${program}_tests"
    fi
  done
}

tcl_suite() {
  selected tcl || return 0
  sources_of tcl/tests/all.tcl || return 0
  suite tcl tcltest env TCLLIBPATH="$ROOT/build/release/tcl" OPENSSPI_BUILD="$ROOT/build/release" tclsh tcl/tests/all.tcl
}

# tclsh itself is not built with the sanitizer, so its library is loaded first.
tcl_sanitized() {
  local libasan
  libasan=$(g++ -print-file-name=libasan.so)
  sources_of tcl/tests/all.tcl || return 0
  if selected sanitizers/tcl; then
    suite sanitizers/tcl tcltest env LD_PRELOAD="$libasan" TCLLIBPATH="$ROOT/build/sanitizers/tcl" \
      OPENSSPI_BUILD="$ROOT/build/sanitizers" tclsh tcl/tests/all.tcl
  fi
  if selected sanitizers/tcl-leaks && [[ -e tcl/tests/leaks.tcl ]]; then
    suite sanitizers/tcl-leaks check env LD_PRELOAD="$libasan" TCLLIBPATH="$ROOT/build/sanitizers/tcl" \
      OPENSSPI_BUILD="$ROOT/build/sanitizers" tclsh tcl/tests/leaks.tcl
  fi
}

# Another library of the process that exports Windows' names must not get our calls.
preload_suite() {
  local library
  selected capi-beside-winpr || return 0
  sources_of 'tests/capi/*.cpp' || return 0
  library=$(find /usr/lib /usr/local/lib -name 'libwinpr2.so.2' -print -quit 2>/dev/null)
  if [[ -z $library ]]; then
    count capi-beside-winpr 0 0 1 0
    say "      skipped: libwinpr2.so.2 is not installed"
    return
  fi
  suite capi-beside-winpr gtest env LD_PRELOAD="$library" build/release/bin/capi_tests
}

documentation_check() { # NAME SCRIPT
  if ! selected documentation && ! selected "documentation/$1"; then return; fi
  suite "documentation/$1" tap env OPENSSPI_BUILD="$ROOT/build/release" python3 "$2"
}

documentation_suites() {
  if selected demo; then suite demo check env OPENSSPI_BUILD="$ROOT/build/release" bash examples/demo.sh; fi
  if selected documentation; then
    suite documentation tap env OPENSSPI_BUILD="$ROOT/build/release" python3 ci/doc_examples.py
  fi
  documentation_check proofs ci/proofs.py
  documentation_check configuration ci/configuration_names.py
}

sanitizer_suites() {
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
  export UBSAN_OPTIONS=print_stacktrace=1
  gtest_suites sanitizers sanitizers/
  tcl_sanitized
  unset ASAN_OPTIONS UBSAN_OPTIONS
}

# ThreadSanitizer of g++ 12 needs the address space laid out without randomisation on newer kernels.
thread_suites() {
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$ROOT/tests/support/thread_sanitizer.supp
  WRAPPER=(setarch "$(uname -m)" -R)
  if [[ $FULL == yes ]]; then
    gtest_suites tsan tsan/
  else
    for program in unit_thread_tests capi_thread_tests; do
      if [[ -e build/tsan/bin/$program ]]; then gtest "tsan/${program%_thread_tests}-threads" tsan "$program"; fi
    done
  fi
  WRAPPER=(env)
  unset TSAN_OPTIONS
}

# The short run repeats itself. The long one looks for what is new.
fuzz_suites() {
  local name how=fuzz_again
  if [[ $FULL == yes ]]; then how=fuzz_one; fi
  for name in $(fuzz_targets); do
    selected "fuzz/$name" || continue
    suite "fuzz/$name" check bash -c 'source ci/fuzz.sh; "$@"' fuzz "$how" "$name" 120
  done
}

tidy_suite() {
  selected tidy || return 0
  suite tidy check bash -c 'find src tcl cli -name "*.cpp" -print0 | xargs -0 -n4 -P"$(nproc)" clang-tidy-19 --quiet --extra-arg=-Wno-unknown-warning-option -p build/release'
}

list_suites() {
  local name
  printf '%s\n' format layers manual unit vector peer capi capi-beside-winpr tcl demo documentation documentation/proofs documentation/configuration
  for name in unit vector peer capi tcl tcl-leaks; do echo "sanitizers/$name"; done
  if [[ $FULL == yes ]]; then
    printf '%s\n' tsan/unit tsan/vector tsan/peer tsan/capi tidy
  else
    printf '%s\n' tsan/unit-threads tsan/capi-threads
  fi
  for name in tests/*/run.sh; do [[ ! -e $name ]] || basename "$(dirname "$name")"; done
  for name in $(interop_scripts); do echo "interop/$(basename "$name" .sh)"; done
  fuzz_targets | sed 's,^,fuzz/,'
}

# Whether more was asked for than what looks at sources only.
wants_build() {
  local name
  for name in $(list_suites); do
    case $name in
      format | layers | manual) ;;
      *) if selected "$name"; then return 0; fi ;;
    esac
  done
  return 1
}

# Whether any suite of this build was asked for, so that `./dev test unit` does not build everything.
wants() {
  local name
  for name in $(list_suites); do
    # shellcheck disable=SC2053
    if [[ $name == $1 ]] && selected "$name"; then return 0; fi
  done
  return 1
}

# A name that is nobody's would run nothing, and nothing that fails looks like success.
refuse_unknown_suites() {
  local pattern name names
  names=$(list_suites)
  for pattern in "${SELECTED[@]}"; do
    for name in $names; do
      # shellcheck disable=SC2053
      if [[ $name == $pattern ]]; then continue 2; fi
    done
    die "test: no suite '$pattern'; ./dev test --list prints their names, --full --list those of the full run"
  done
}

run_tests() {
  local started=$SECONDS tsan_target=thread_tests behind=() list=no
  FULL=no
  while (($#)); do
    case $1 in
      --full) FULL=yes; shift ;;
      --list) list=yes; shift ;;
      -*) die "test: unknown option '$1'; --full and --list are the options" ;;
      *) SELECTED+=("$1"); shift ;;
    esac
  done
  if [[ $list == yes ]]; then list_suites; return; fi
  refuse_unknown_suites
  export OPENSSPI_FULL=$FULL # for suites that have more to do then
  need_packages build demo format fuzz docs bench test
  if [[ $FULL == yes ]]; then need_packages full; tsan_target=sanitizer_tests; fi
  mkdir -p "$LOGS"

  static_checks
  rm -f "$LOGS"/build-*.status
  if wants_build && build release all; then
    if wants 'sanitizers/*'; then behind+=("sanitizers sanitizer_tests"); fi
    if wants 'tsan/*'; then behind+=("tsan $tsan_target"); fi
    if wants 'fuzz/*'; then behind+=("fuzz fuzz_targets"); fi
    if ((${#behind[@]})); then build_behind "${behind[@]}"; fi
    gtest_suites release ""
    preload_suite
    tcl_suite
    script_suites
    interop_suites
    documentation_suites
    if [[ $FULL == yes ]]; then tidy_suite; fi
    if wants 'sanitizers/*' && built_behind sanitizers; then sanitizer_suites; fi
    if wants 'tsan/*' && built_behind tsan; then thread_suites; fi
    if wants 'fuzz/*' && built_behind fuzz; then fuzz_suites; fi
  fi

  say "in $((SECONDS - started)) s; logs in build/logs"
  say "$TOTAL_PASSED passed, $TOTAL_FAILED failed, $TOTAL_SKIPPED skipped"
  ((TOTAL_FAILED == 0))
}
