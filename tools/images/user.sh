#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The User VM's only program. Lines that begin with "user:" are what demo and tests wait for.
# Kernel command line: bulkhead.mode=agent (default) answers on the virtio console, shell is a shell there.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null

mode=agent
for word in $(cat /proc/cmdline); do
    case "$word" in bulkhead.mode=*) mode=${word#bulkhead.mode=} ;; esac
done

say() { echo "user: $*" >/dev/console; }

# Until a file is there; the driver makes it in its own time.
await() {
    tries=0
    while [ ! -e "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -gt 200 ] && { say "FAILED: $1 did not appear"; return 1; }
        usleep 50000
    done
}

while read -r module; do
    insmod "/modules/$module" || say "FAILED: module $module"
done </modules/order

say "shell on $(uname -r), $(grep -c ^processor /proc/cpuinfo) vCPU, $(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo) MiB"

if await /dev/vda && mount -t ext4 -o ro /dev/vda /mnt; then
    say "disk says: $(cat /mnt/greeting)"
fi
await /dev/hvc0 || poweroff -f

if [ "$mode" = shell ]; then
    # A controlling terminal makes job control and Ctrl-C work.
    setsid sh -c 'exec sh -i </dev/hvc0 >/dev/hvc0 2>&1'
    poweroff -f
fi

exec 3<>/dev/hvc0
stty raw -echo <&3
echo "ready" >&3
say "console ready"
load=
while read -r line <&3; do
    case "$line" in
        ping*) echo "pong${line#ping}" >&3; say "answered ${line}" ;;
        load) ( while true; do n=0; while [ $n -lt 200 ]; do /bin/true; n=$((n + 1)); done; done ) & load=$!; echo "loaded" >&3 ;;
        idle) [ -n "$load" ] && kill "$load"; echo "idle" >&3 ;;
        read\ *) set -- $line; dd if=/dev/vda bs=1k skip="$2" count="$3" 2>/dev/null | md5sum >&3 ;;
        run\ *) sh -c "${line#run }" >&3 2>&1; echo "status $?" >&3 ;;
        reboot) say "reboot"; reboot -f ;;
        crash) say "crash"; echo c >/proc/sysrq-trigger ;;
        poweroff) umount /mnt; say "power off"; poweroff -f ;;
        *) echo "what: $line" >&3 ;;
    esac
done
say "FAILED: the console ended"
poweroff -f
