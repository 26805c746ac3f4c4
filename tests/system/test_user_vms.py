# SPDX-License-Identifier: Apache-2.0
"""User VMs on the whole stack: several vCPUs, several VMs, resets, crashes, a device model that dies."""
import json

import pytest

START_S = 150  # a User VM's boot on a busy host


@pytest.fixture
def machine(linux):
    """Two vCPUs of two User VMs fit the policy; the Service VM has cores 0 to 2, on Bochs 0 and 1."""
    return linux("service-only", words="bulkhead.test=user")


def vms(machine):
    return {vm["name"]: vm for vm in json.loads(machine.shell("bhctl stats --json"))["vms"]}


@pytest.mark.long_on("bochs")
# REQ-LIF-015
def test_a_user_vm_with_two_vcpus_runs_on_two_cores(machine):
    machine.shell(f"vm_start one 2 128; vm_expect ready {START_S}", START_S)
    machine.shell('vm_ask "run grep -c ^processor /proc/cpuinfo" 2 60', 60)
    exits = [vcpu["exits_total"] for vcpu in vms(machine)["one"]["vcpus"]]
    assert len(exits) == 2 and min(exits) > 100
    machine.shell("vm_ask load loaded; usleep 300000; vm_ask idle idle", 60)
    machine.shell("vm_stop", 90)
    assert "one" not in vms(machine)


@pytest.mark.long_on("bochs")
# REQ-LIF-002 REQ-HSM-006
def test_a_killed_device_model_leaves_nothing_behind(machine):
    before = {name: vm["tables_used"] for name, vm in vms(machine).items()}
    for _ in range(2):
        machine.shell(f"vm_start victim 1 128; vm_expect ready {START_S}", START_S)
        machine.shell("kill -9 $vm_job; wait $vm_job; exec 8>&- 9<&-", 60, status=None)
        assert {name: vm["tables_used"] for name, vm in vms(machine).items()} == before


@pytest.mark.long_on("bochs")
# REQ-LIF-016
def test_a_user_vm_reboots(machine):
    machine.shell(f"vm_start two 1 128; vm_expect ready {START_S}", START_S)
    machine.shell(f"echo reboot >&8; vm_expect ready {START_S}", START_S)
    machine.shell("vm_ask 'ping 7' 'pong 7'", 60)
    machine.shell("vm_stop", 90)


@pytest.mark.long_on("bochs")
# REQ-LIF-010
def test_a_triple_fault_ends_the_user_vm_alone(machine):
    machine.shell(f"VM_APPEND=reboot=t vm_start three 1 128; vm_expect ready {START_S}", START_S)
    machine.shell("echo reboot >&8; wait $vm_job", 90, status=4)
    machine.shell("exec 8>&- 9<&-")
    assert "three: triple fault on vCPU 0" in machine.text("hypervisor")
    assert "three" not in vms(machine)


@pytest.mark.long_on("bochs")
# REQ-LIF-016
def test_two_user_vms_run_at_a_time(machine):
    machine.shell(f"life() {{ VM_SERIAL=none vm_start $1 1 96; vm_expect ready {START_S} && vm_ask 'ping 1' 'pong 1' 60; usleep 500000; vm_stop; }}")
    machine.shell("(life left; echo left $? >/run/left) & (life right; echo right $? >/run/right) & wait", 2 * START_S, status=None)
    assert machine.shell("cat /run/left /run/right").split() == ["left", "0", "right", "0"]
    assert set(vms(machine)) == {"service"}


# The VM at descriptors 8 and 9 changes places with the one at 6 and 7.
SWAP = "swap() { exec 4>&8 5<&9 8>&6 9<&7 6>&4 7<&5 4>&- 5<&-; set -- $vm_job; vm_job=$other_job; other_job=$1; }"
EXCHANGE = 300000   # bytes each way


def network_of(machine, name, number):
    """A User VM with one end of the link, in the background; it has the number as its address once it is asked."""
    machine.shell(f"VM_SERIAL=none vm_start {name} 1 96 --net link:/run/lan")
    return f"ip link set eth0 up && ip addr add 10.0.0.{number}/24 dev eth0"


def await_carrier(machine, value):
    """In the User VM that is asked: what its driver makes of the carrier."""
    machine.shell(f"vm_ask 'run until grep -q {value} /sys/class/net/eth0/carrier; do usleep 20000; done' 'status 0' 60", 60)


def exchange(machine):
    """A stream each way at once between the one that is asked, 10.0.0.1, and the other; both see what the other one sent."""
    machine.shell("vm_ask 'run ping -c 3 10.0.0.2' 'status 0' 60", 60)
    machine.shell(f"swap; vm_ask 'run rm -f /run/sum; yes right | head -c {EXCHANGE} | nc -l -p 5000 | md5sum >/run/sum &"
                  " until grep -q :1388.*:0000.0A /proc/net/tcp /proc/net/tcp6; do usleep 20000; done' 'status 0' 60", 60)
    machine.shell(f"swap; sum=$(yes right | head -c {EXCHANGE} | md5sum)"
                  f"; vm_ask 'run yes left | head -c {EXCHANGE} | nc 10.0.0.2 5000 | md5sum' \"$sum\" 60 && vm_expect 'status 0'", 60)
    machine.shell(f"swap; sum=$(yes left | head -c {EXCHANGE} | md5sum)"
                  "; vm_ask 'run until test -s /run/sum; do usleep 20000; done; cat /run/sum' \"$sum\" 60 && vm_expect 'status 0' && swap", 60)


@pytest.mark.long_on("bochs")
# REQ-DM-017 REQ-DM-018
def test_two_user_vms_have_a_network_and_one_comes_back(machine):
    """left listens first; when it is killed its socket stays behind, and right listens in its place."""
    machine.shell(SWAP)
    left = network_of(machine, "left", 1)
    machine.shell("exec 6>&8 7<&9; other_job=$vm_job")
    right = network_of(machine, "right", 2)
    machine.shell(f"vm_expect ready {START_S} && vm_ask 'run {right}' 'status 0' 60", START_S)
    machine.shell(f"swap; vm_expect ready {START_S} && vm_ask 'run {left}' 'status 0' 60", START_S)
    await_carrier(machine, 1)
    exchange(machine)

    machine.shell("kill -9 $vm_job; wait $vm_job; exec 8>&- 9<&-; until grep -q 'link down' /run/right.events; do usleep 20000; done", 60, status=None)
    machine.shell("exec 8>&6 9<&7")
    await_carrier(machine, 0)
    left = network_of(machine, "left", 1)
    machine.shell(f"vm_expect ready {START_S} && vm_ask 'run {left}' 'status 0' 60", START_S)
    await_carrier(machine, 1)
    exchange(machine)
    assert len(set(machine.shell("for i in 1 2; do vm_ask 'run cat /sys/class/net/eth0/address' 02: 30; echo \"$line\"; swap; done").split())) == 2
    machine.shell("vm_stop && exec 8>&6 9<&7 && vm_job=$other_job && vm_stop && ! test -e /run/lan", 90)
