#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The PREEMPT_RT VM's only program. Lines that begin with "rt:" are what the tests wait for.
# Kernel command line: bulkhead.mode=cyclictest (default) measures one thread on each vCPU, then gives a shell; shell is a shell at once;
# timerlat is rtla's measurement of the same for bulkhead.seconds=N (10); poweroff and reboot do that, crash brings the kernel down.
# bulkhead.loops=N ends the measurement after N wakeups of each thread (default 0: it goes on for ever), bulkhead.interval=MICROSECONDS
# is the time between two (1000), bulkhead.quiet prints nothing while it runs, bulkhead.then=MODE is what follows it (shell).
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin HOME=/root PS1='rt# '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/shm && mount -t tmpfs shm /dev/shm
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null

mode=cyclictest
then=shell
loops=0
interval=1000
seconds=10
quiet=
for word in $(cat /proc/cmdline); do
    case "$word" in
        bulkhead.mode=*) mode=${word#bulkhead.mode=} ;;
        bulkhead.then=*) then=${word#bulkhead.then=} ;;
        bulkhead.loops=*) loops=${word#bulkhead.loops=} ;;
        bulkhead.interval=*) interval=${word#bulkhead.interval=} ;;
        bulkhead.seconds=*) seconds=${word#bulkhead.seconds=} ;;
        bulkhead.quiet) quiet=-q ;;
    esac
done

say() { echo "rt: $*"; }
console=$(sed 's/.* //' /sys/class/tty/console/active)

vcpus=$(grep -c ^processor /proc/cpuinfo)
say "Linux $(uname -r) is up, $vcpus vCPU, $(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo) MiB"
say "clocksource $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource), clockevent $(cat /sys/devices/system/clockevents/clockevent0/current_device)"
. /etc/rt_cyclictest.sh
# On a controlling terminal, so that Ctrl-C ends the measurement, and not what follows it. Its end hangs the terminal up.
measure() { setsid -c sh -c "trap : INT; . /etc/rt_cyclictest.sh; $*; drain" <"/dev/$console" >"/dev/$console" 2>&1; }

do_mode() {
    case "$1" in
        cyclictest) measure rt_cyclictest "$loops" "$interval" $quiet ;;
        timerlat) measure rt_timerlat "$seconds" "$interval" ;;
        poweroff) say "power off"; drain; poweroff -f ;;
        reboot) say "reboot"; drain; reboot -f ;;
        crash) say "crash"; drain; echo c >/proc/sysrq-trigger ;;
        shell) ;;
        *) say "FAILED: no mode '$1'" ;;
    esac
}

do_mode "$mode"
case "$mode" in cyclictest|timerlat) do_mode "$then" ;; esac

echo ". /etc/rt_cyclictest.sh" >/etc/rc
export ENV=/etc/rc
while true; do
    say "shell on $console"
    setsid sh -c "exec sh -i </dev/$console >/dev/$console 2>&1"
done
