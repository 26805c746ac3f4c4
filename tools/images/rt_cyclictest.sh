# SPDX-License-Identifier: Apache-2.0
# Shell functions of the PREEMPT_RT VM.

# drain: what the console still has to send would be lost by what follows: setting the terminal as it is waits for it.
drain() { stty -F /dev/console "$(stty -F /dev/console -g)"; }

# rt_cyclictest [WAKEUPS [MICROSECONDS [-q]]]: one measuring thread on each vCPU at priority 90, all memory locked, absolute times.
# Its main thread stays on the first vCPU. While it runs it prints where it stands (count, and latency in microseconds); -q: only the
# histogram at the end. Starting a program reads CPUID, which is an exit: those come before "begins", and after "ends".
rt_cyclictest() {
    rt_threads=$(grep -c ^processor /proc/cpuinfo)
    echo "rt: cyclictest begins: $rt_threads threads, ${1:-0} wakeups, one every ${2:-1000} microseconds"
    cyclictest --threads="$rt_threads" --affinity="0-$((rt_threads - 1))" --mlockall --priority=90 --mainaffinity=0 --interval="${2:-1000}" --loops="${1:-0}" --histogram=1000 $3
    echo "rt: cyclictest ends with status $?"
}

# rt_timerlat [SECONDS [MICROSECONDS]]: the kernel's own timer-latency tracer, by rtla: from the interrupt, and from a thread.
rt_timerlat() {
    if [ -x /usr/bin/rtla ]; then
        echo "rt: timerlat begins"
        rtla timerlat hist --dma-latency 0 --period "${2:-1000}" --duration "${1:-10}s"
        echo "rt: timerlat ends with status $?"
    else
        echo "rt: this image has no rtla: the Debian release it was made on has none"
    fi
}
