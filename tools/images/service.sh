#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The Service VM's only program. Lines that begin with "service:" are what demo and tests wait for.
# Kernel command line: bulkhead.mode=demo runs one User VM from start to end and switches the machine off,
# bulkhead.mode=loaded likewise with a busy User VM;
# bulkhead.mode=bench reports on the real-time VM once it has bulkhead.samples=N, idle or with bulkhead.load=full or storm;
# a path runs that script, from an initial RAM disk added to this one, and switches the machine off;
# shell (default) is a shell on the console; test is the same without prompt and echo.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root PS1='service# '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null

mode=shell
samples=1000
load=none
for word in $(cat /proc/cmdline); do
    case "$word" in
        bulkhead.mode=*) mode=${word#bulkhead.mode=} ;;
        bulkhead.samples=*) samples=${word#bulkhead.samples=} ;;
        bulkhead.load=*) load=${word#bulkhead.load=} ;;
    esac
done

say() { echo "service: $*"; }

say "Linux $(uname -r) is up, $(grep -c ^processor /proc/cpuinfo) cores, $(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo) MiB"
while read -r module; do
    insmod "/modules/$module" || say "FAILED: module $module"
done </modules/order
if [ -c /dev/acrn_hsm ]; then say "HSM ready"; else say "FAILED: no /dev/acrn_hsm"; fi

. /etc/vm.sh
# A UART of its own pace still has characters to send.
switch_off() { sync; stty -F /dev/console "$(stty -F /dev/console -g)"; poweroff -f; }

case "$mode" in
    demo)
        demo
        switch_off
        ;;
    loaded)
        loaded
        switch_off
        ;;
    bench)
        bench "$load" "$samples"
        switch_off
        ;;
    /*)
        . "$mode"
        switch_off
        ;;
    test)
        stty -echo
        export PS1='' PS2=''
        ;;
    *)
        cat /etc/motd
        ;;
esac
# Read by each interactive shell.
{ echo ". /etc/vm.sh"; [ "$mode" = test ] && echo 'echo "service: shell ready"'; } >/etc/rc
export ENV=/etc/rc
while true; do
    setsid sh -c 'exec sh -i </dev/ttyS1 >/dev/ttyS1 2>&1'
    [ "$mode" = test ] || say "the shell ended; type 'poweroff' to switch the machine off"
done
