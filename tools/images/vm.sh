# SPDX-License-Identifier: Apache-2.0
# Shell functions of the Service VM: start a User VM, talk to it, run the demo.
USER_CMDLINE="console=ttyS0 quiet panic=-1"

# vm_start NAME [VCPUS] [MiB] [OPTION...]: a User VM in the background. Its serial port goes to ttyS3 (a log
# outside), its virtio console is joined to the descriptors 8 (to it) and 9 (from it), its events to /run/NAME.events.
vm_start() {
    vm_name=$1
    vm_cpus=${2:-1}
    vm_memory=${3:-128}
    shift; [ $# -gt 0 ] && shift; [ $# -gt 0 ] && shift
    rm -f "/run/$vm_name.in" "/run/$vm_name.out" "/run/$vm_name.events"
    mkfifo "/run/$vm_name.in" "/run/$vm_name.out"
    bhdm --name "$vm_name" --cpus "$vm_cpus" --memory "${vm_memory}M" --kernel /vm/kernel --initrd /vm/initrd.gz \
        --cmdline "$USER_CMDLINE $VM_APPEND" --serial "${VM_SERIAL:-/dev/ttyS3}" --disk file=/vm/disk.img,ro --rng \
        --pidfile "/run/$vm_name.pid" --events "/run/$vm_name.events" --console stdio "$@" \
        <"/run/$vm_name.in" >"/run/$vm_name.out" &
    vm_job=$!
    exec 8>"/run/$vm_name.in" 9<"/run/$vm_name.out"
}

# vm_expect WORD [SECONDS]: the next line of the console that contains WORD.
vm_expect() {
    while read -r -t "${2:-30}" line <&9; do
        case "$line" in *"$1"*) return 0 ;; esac
    done
    echo "service: FAILED: the User VM's console did not say '$1'"
    return 1
}

vm_ask() { echo "$1" >&8 && vm_expect "$2" "$3"; }

# vm_stop: orderly power-off from inside, then the exit status of bhdm.
vm_stop() {
    echo poweroff >&8
    wait "$vm_job"
    vm_status=$?
    exec 8>&- 9<&-
    return "$vm_status"
}

demo() {
    say "starting a User VM"
    vm_start user1 1 128
    vm_expect ready 200 && say "User VM console ready"
    vm_ask "ping 1" "pong 1" 60 && say "User VM answered on its virtio console"
    bhctl stats --json
    if vm_stop; then say "User VM is off, its device model ended"; else say "FAILED: bhdm ended with status $vm_status"; fi
    bhctl rt --once --json
    say "demo done"
}

rt_samples() { bhctl rt --once --json | sed 's/.*"samples":\([0-9]*\).*/\1/'; }

# A User VM that does nothing but fork, while the RTVM takes 500 more samples; prints what the RTVM saw.
loaded() {
    say "starting a User VM"
    vm_start user1 1 128
    vm_expect ready 200 && vm_ask load loaded 60 && say "User VM under load"
    enough=$(($(rt_samples) + 500))
    while [ "$(rt_samples)" -lt "$enough" ]; do usleep 20000; done
    bhctl rt --once --json --histogram
    if vm_stop; then say "User VM is off, its device model ended"; else say "FAILED: bhdm ended with status $vm_status"; fi
    say "loaded done"
}

# A second User VM that is created and killed again and again.
churn() {
    exec </dev/null >/dev/null 2>&1
    while :; do
        rm -f /run/user2.events
        bhdm --name user2 --cpus 1 --memory 128M --kernel /vm/kernel --initrd /vm/initrd.gz --events /run/user2.events 3>&- 8>&- 9<&- &
        until grep -q started /run/user2.events; do usleep 20000; done
        kill -KILL $!
        wait $!
        echo >>/run/user2.times
    done
}

# Everything that Service VM and User VMs can do to the machine, at once: forks and copies in both, reads of the virtio disk, each of which
# is some exits, hypercalls and interrupts, statistics, and a second User VM that is created and killed again and again.
load_begin() {
    say "starting a User VM"
    vm_start user1 1 128
    vm_expect ready 200 && vm_ask load loaded 60
    vm_ask 'run (while :; do dd if=/dev/vda of=/dev/null bs=4k; echo 1 >/proc/sys/vm/drop_caches; done) >/dev/null 2>&1 &' "status 0" 60
    (while :; do /bin/true; done) &
    (while :; do dd if=/dev/zero of=/run/load bs=64k count=64; done) >/dev/null 2>&1 &
    (while :; do bhctl stats --json; usleep 5000; done) >/dev/null 2>&1 &
    churn &
    say "load begins"
}

# What makes the hypervisor itself work: hypercalls without a pause, timer interrupts, a User VM that is created and killed.
# storm comes with ./bulkhead bench.
storm_begin() {
    for storm in hypercalls interrupts; do
        /bench/storm "$storm" >"/run/$storm" 2>&1 &
    done
    churn &
    say "storm begins"
}

# bench LOAD SAMPLES: what the RTVM saw by its sample SAMPLES; with a load (full, storm), a quarter of them or more since that began.
bench() {
    bench_enough=$2
    bench_pause=500000
    if [ "$1" != none ]; then
        if [ "$1" = storm ]; then storm_begin; else load_begin; fi
        bench_pause=50000
        bench_least=$(($(rt_samples) + $2 / 4))
        [ "$bench_least" -gt "$bench_enough" ] && bench_enough=$bench_least
    fi
    while [ "$(rt_samples)" -lt "$bench_enough" ]; do usleep "$bench_pause"; done
    bhctl rt --once --json --histogram
    bhctl stats --json
    [ "$1" = storm ] && say "storm: $(tail -n 1 /run/hypercalls) hypercalls, $(tail -n 1 /run/interrupts) timer interrupts"
    [ "$1" != none ] && say "load: $(cat /proc/loadavg), second User VM created and killed $(grep -c '' /run/user2.times) times"
    say "bench done"
}
