#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# First program of a PREEMPT_RT VM with an Ethernet controller: its stock driver, then pings without end, each as soon as the one before is answered.
# Once they go out nothing but the shell's own commands is used: a program that starts executes CPUID, which exits.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
exec </dev/console >/dev/console 2>&1

insmod /modules/e1000e.ko && ip link set eth0 up && ip address add 10.0.0.2/24 dev eth0 || echo "rt: FAILED: no network"
until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do usleep 100000; done
echo "rt: $(basename "$(readlink /sys/class/net/eth0/device/driver)") at $(basename "$(readlink /sys/class/net/eth0/device)")"
mkfifo /never && exec 3<>/never
ping -A -q -c 1000000000 10.0.0.1 >/dev/null &
while true; do
    interrupts=0
    while read -r _ count what; do
        case "$what" in *eth0*) interrupts=$((interrupts + count)) ;; esac
    done </proc/interrupts
    read -r sent </sys/class/net/eth0/statistics/tx_packets
    read -r received </sys/class/net/eth0/statistics/rx_packets
    echo "rt: sent $sent, received $received, interrupts $interrupts"
    read -r -t 1 _ <&3
done
