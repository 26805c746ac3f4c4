# SPDX-License-Identifier: Apache-2.0
# In the Service VM of a stick that ./bulkhead bench --image made: waits for the samples, beside the load that bulkhead.load= names, and
# puts the record on the console, in short on the screen, and into results.txt on the stick's third partition. bulkhead.load=inspect: on the bare
# machine, what a board file says of it, on the console and into machine.txt.
for word in $(cat /proc/cmdline); do
    case "$word" in
        bulkhead.condition=*) condition=${word#bulkhead.condition=} ;;
        bulkhead.build=*) build=${word#bulkhead.build=} ;;
    esac
done
VM_SERIAL=file:/run/user.txt

# store FILE NAME: appends it there, on the partition with this label, which a stick has within some seconds.
store() {
    while read -r module; do
        insmod "/bench/modules/$module" 2>/dev/null
    done </bench/modules/order
    tries=0
    until place=$(findfs LABEL=BULKHEAD 2>/dev/null) || [ "$tries" = 100 ]; do
        usleep 100000
        tries=$((tries + 1))
    done
    mkdir -p /run/stick
    mount -t vfat "$place" /run/stick 2>/dev/null && cat "$1" >>"/run/stick/$2" && umount /run/stick
}

if [ "$load" = inspect ]; then
    sh /bench/inspect.sh >/run/facts.txt
    cat /run/facts.txt
    if store /run/facts.txt machine.txt; then say "the facts are in machine.txt on the stick"; else say "the facts are on the serial line only"; fi
    sync
    while :; do sleep 1000; done
fi
bench "$load" "$samples" >/run/bench.txt
# A load that did not run must not become a figure of one that did.
if [ "$load" != none ] && ! grep -q 'created and killed [1-9]' /run/bench.txt; then
    cat /run/bench.txt
    say "FAILED: the load did not run"
elif /bench/record whole "$condition" "$build" >/run/record.txt; then
    cat /run/record.txt
    /bench/record short "$condition" "$build" >/dev/tty0 2>/dev/null
    if store /run/record.txt results.txt; then
        say "the record is in results.txt on the stick; switch off when you like"
    else
        say "the stick was not found, or cannot be written: the record is on the serial line only"
    fi
else
    say "FAILED: no record of the real-time VM"
fi
sync
while :; do sleep 1000; done
