# SPDX-License-Identifier: Apache-2.0
# Shell functions of the Service VM for tests/system/test_pass_through.py.

# The block device of an NVMe function that its driver has; "" when it has none. nvme0c0n1 is a path to nvme0n1.
disk_of() {
    for one in /sys/bus/pci/devices/"$1"/nvme/nvme*/nvme*n1; do
        one=$(echo "/dev/${one##*/}" | sed 's/c[0-9]*n1/n1/')
        if [ -b "$one" ]; then echo "$one"; fi
    done
}

# await COMMAND...: until it succeeds; half a minute is enough for anything.
await() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "FAILED: waited for $*"; return 1; }
        usleep 50000
    done
}

has_disk() { [ -n "$(disk_of "$1")" ]; }
is_there() { [ "$(hexdump -v -n 4 -e '1/1 "%02x"' "/sys/bus/pci/devices/$1/config")" != ffffffff ]; }

# reads ADDRESS VALUE: there are these 16 bits in the machine's memory. (devmem maps the next page, too, if the width in bits, taken for bytes, reaches there.)
reads() { [ "$(busybox devmem "$1" 16)" = "$2" ]; }

# No device model runs, nor what sees to its devices behind it.
all_is_back() { ! pidof bhdm bhdm-keeper >/dev/null; }

# lines TEXT BYTES: as many lines of it.
lines() { yes "$1" | head -c "$2"; }

# Reads the disk again and again until that fails; there is a file once it does.
read_on() {
    rm -f /run/reading
    (while dd if="$1" of=/dev/null bs=16k iflag=direct; do echo >/run/reading; done) >/dev/null 2>&1 &
    reader=$!
    await test -e /run/reading
}

# guest NAME FUNCTION KERNEL WORDS [OPTION...]: a test guest; its words in /run/NAME.txt.
guest() {
    name=$1 function=$2 kernel=$3 words=$4
    shift 4
    rm -f "/run/$name.txt" "/run/$name.events"
    timeout -s KILL 120 bhdm --name "$name" --memory 32M --kernel "/test/$kernel.bz" --cmdline "console=0x3f8 $words" --serial "file:/run/$name.txt" --console none \
        --pidfile "/run/$name.pid" --events "/run/$name.events" --pci "$function" "$@"
}

# move FUNCTION NUMBER: to a User VM and back, its disk in use before; each side finds what the other wrote.
move() {
    number=$(printf %04d "$2")
    disk=$(disk_of "$1")
    lines "service-$number-bl" 4096 | dd of="$disk" bs=4096 oflag=direct conv=notrunc 2>/dev/null
    read_on "$disk"
    guest mover "$1" nvme "read=service-$number-bl write=user-$number-block count=0x8" || { echo "move $2 FAILED: status $?"; return 1; }
    wait "$reader"
    grep -q '^done' /run/mover.txt && ! grep -q 'not ok' /run/mover.txt || { echo "move $2 FAILED"; cat /run/mover.txt; return 1; }
    await has_disk "$1"
    disk=$(disk_of "$1")
    wrote=$(dd if="$disk" bs=4096 skip=1 count=8 iflag=direct 2>/dev/null | md5sum)
    kept=$(dd if="$disk" bs=4096 count=1 iflag=direct 2>/dev/null | md5sum)
    [ "$wrote" = "$(lines "user-$number-block" 32768 | md5sum)" ] || { echo "move $2 FAILED: not what the User VM wrote"; return 1; }
    [ "$kept" = "$(lines "service-$number-bl" 4096 | md5sum)" ] || { echo "move $2 FAILED: not what the Service VM wrote"; return 1; }
}

# moves FUNCTION COUNT
moves() {
    done=0
    while [ "$done" -lt "$2" ] && move "$1" "$done"; do done=$((done + 1)); done
    echo "moved $done times"
}

# The whole disk again and again, a sum a line, until told to stop.
use_begin() {
    rm -f /run/use.stop /run/use
    (while [ ! -e /run/use.stop ]; do dd if="$(disk_of "$1")" bs=64k iflag=direct 2>/dev/null | md5sum; done >/run/use) &
    user=$!
}

use_end() { echo >/run/use.stop; wait "$user"; sort /run/use | uniq -c; }
