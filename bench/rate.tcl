# Rates by CPU time, for the benchmarks in Tcl. Sourced.

# The CPU time of this process. The kernel counts it up where a process pauses, therefore the millisecond of sleep.
proc cpu_microseconds {} {
    after 1
    set file [open /proc/self/schedstat]
    set nanoseconds [lindex [gets $file] 0]
    close $file
    return [expr {$nanoseconds / 1000}]
}

# Calls of $work per second of CPU time over about $ms milliseconds.
proc rate {ms work} {
    set batch [expr {max(1, int(2000.0 / max(1.0, [lindex [time $work 3] 0])))}]
    set calls 0
    set end [expr {[clock microseconds] + $ms * 1000}]
    set start [cpu_microseconds]
    while {[clock microseconds] < $end} {
        time $work $batch
        incr calls $batch
    }
    return [expr {$calls * 1e6 / ([cpu_microseconds] - $start)}]
}
