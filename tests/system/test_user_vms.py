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
