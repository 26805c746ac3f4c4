#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a board file says of a machine, read by its own Linux; as root: sh inspect.sh >facts.txt. ./bulkhead config board makes the file of it.
# Needs nothing but what every Linux has: also runs in the image that ./bulkhead bench --image writes.
tables=/sys/firmware/acpi/tables
devices=/sys/devices

hex() { od -An -v -tx1 "$1" 2>/dev/null | tr -d ' \n'; }
# One PCI function: address, vendor:device, class, isolation group (- when Linux has no IOMMU), first-last of each BAR in memory.
function_facts() {
    group=-
    [ -e "$1/iommu_group" ] && group=$(readlink "$1/iommu_group")
    id=$(sed 's/^0x//' "$1/vendor"):$(sed 's/^0x//' "$1/device")
    bars=$(head -n 6 "$1/resource" | while read -r start last flags; do
        [ $((flags & 0x200)) -ne 0 ] && printf ' %s-%s' "$start" "$last"
    done)
    echo "function ${1##*/0000:} $id $(cut -c 3-6 "$1/class") ${group##*/}$bars"
}
word() { [ -e "/sys/class/dmi/id/$1" ] && tr -d '\n' <"/sys/class/dmi/id/$1"; }

facts() {
    echo "cores $(grep -c '^processor' /proc/cpuinfo)"
    sed -n 's/^model name[^:]*: /model /p' /proc/cpuinfo | head -n 1
    echo "machine $(word sys_vendor) / $(word product_name) / $(word board_name) / $(word bios_version)"
    for need in svm npt vmx ept x2apic; do
        grep -q "^flags.* $need\b" /proc/cpuinfo && echo "has $need"
    done
    for kind in core atom; do
        [ -s "$devices/cpu_$kind/cpus" ] && echo "kind $kind $(cat "$devices/cpu_$kind/cpus")"
    done
    [ "$(cat $devices/system/cpu/smt/active 2>/dev/null)" = 1 ] && echo "has smt"
    for range in /sys/firmware/memmap/*; do
        [ -e "$range/type" ] && echo "memory $(cat "$range/start") $(cat "$range/end") $(cat "$range/type")"
    done
    sed -n 's/^\([0-9a-f]*\)-\([0-9a-f]*\) : PCI Bus 0000:00$/window 0x\1 0x\2/p' /proc/iomem
    sed -n 's/^[0-9a-f]*-[0-9a-f]* : PCI Bus \(....:..\)$/root \1/p' /proc/iomem | sort -u
    sed -n 's/^ *\([0-9a-f]*\)-\([0-9a-f]*\) : PCI \(MMCONFIG\|ECAM\) 0000.*/mmconfig 0x\1 0x\2/p' /proc/iomem
    for device in /sys/bus/pci/devices/0000:00:*; do
        echo "pci ${device##*/0000:}"
    done
    for device in /sys/bus/pci/devices/0000:*; do
        [ -e "$device/resource" ] && function_facts "$device"
    done
    sed -n 's/^[0-9]*: uart:16.*port:\([0-9A-Fa-f]*\).*/uart 0x\1/p' /proc/tty/driver/serial 2>/dev/null
    echo "fadt $(hex $tables/FACP)"
    echo "s5 $(hex $tables/DSDT | sed -n 's/.*5f53355f12\(.\{20\}\).*/\1/p')"
    for table in DMAR IVRS; do
        [ -e "$tables/$table" ] && echo "iommu $table"
    done
}

found=$(facts)
echo "bhi1 begin"
printf '%s\n' "$found" | sed 's/^/bhi1 /'
echo "bhi1 end $(printf '%s\n' "$found" | sha256sum | cut -d " " -f 1)"
