#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first program (rdinit=) of the PREEMPT_RT kernel, for ./bulkhead bench: cyclictest with bench.loops=N wakeups, in nanoseconds; 0: only says
# where the kernel reads MSRs.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/shm && mount -t tmpfs shm /dev/shm
for word in $(cat /proc/cmdline); do
    case "$word" in bench.loops=*) loops=${word#bench.loops=} ;; esac
done
sed -n 's/^\([0-9a-f]*\) . native_read_msr$/rt: native_read_msr \1/p' /proc/kallsyms
dmesg | grep -i x2apic | sed 's/^/rt: /'
if [ "$loops" != 0 ]; then
    cyclictest --threads=1 --affinity=0 --mlockall --priority=90 --mainaffinity=0 --interval=1000 --loops="$loops" --nsecs --histogram=200000 \
        --histfile=/tmp/histogram --quiet
    # A line for each nanosecond, most of them 0 times.
    sed -n '/^[0-9]* 0*[1-9][0-9]*$/s/^\([0-9]*\) \([0-9]*\)$/rt: latency \1 samples \2/p' /tmp/histogram
    sed -n 's/^# \(Histogram Overflows\): /rt: \1 /p' /tmp/histogram
fi
echo "rt: finished"
sleep 1000000
