# SPDX-License-Identifier: Apache-2.0
"""A reset of the Service VM is its own: it comes back, and the real-time VM notices nothing."""
import json

import pytest

BOOT_S = 120
SHORT_LIFE_S = 10   # a shorter life of the Service VM is not followed by another


def rtvm(machine):
    stats = json.loads(machine.shell("bhctl stats --json"))
    return next(vm for vm in stats["vms"] if vm["name"] == "rtvm")


@pytest.mark.long_on("bochs")
# REQ-LIF-005
def test_the_service_vm_restarts_beside_a_running_rtvm(linux):
    machine = linux("demo")
    before = rtvm(machine)
    machine.shell(f'until [ "$(cut -d. -f1 /proc/uptime)" -gt {SHORT_LIFE_S} ]; do usleep 100000; done', 60)
    machine.send("reboot -f\n")
    machine.wait_for("hypervisor", "power: Service VM restarts, the others run on", 30)
    machine.shell_ready_again(BOOT_S)
    after = rtvm(machine)
    assert after["start_tsc"] == before["start_tsc"], "the RTVM was not started again"
    assert [cpu["exits_total"] for cpu in after["vcpus"]] == [cpu["exits_total"] for cpu in before["vcpus"]]
    machine.shell("vm_start again 1 128; vm_expect ready 150; vm_stop", 200)
    machine.send("poweroff -f\n")
    machine.wait_exit(60)
    assert "the machine follows" in machine.text("hypervisor")
