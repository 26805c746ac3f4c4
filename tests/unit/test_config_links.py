# SPDX-License-Identifier: Apache-2.0
"""Serial lines in a scenario: what the table says, what ACPI and the picture show, and each mistake."""
import struct

import pytest
import yaml

from tools.config import acpi
from tools.config.compile import compile_scenario, load_scenario
from tools.config.errors import ConfigError
from tools.config.layout import Table
from tools.config.picture import draw
from tools.config.source import ROOT

BASE = yaml.safe_load((ROOT / "configs" / "scenarios" / "rt-only.yaml").read_text(encoding="utf-8"))


def written(tmp_path, change=lambda data: None):
    data = yaml.safe_load(yaml.safe_dump(BASE))
    second = yaml.safe_load(yaml.safe_dump(data["prelaunched_vms"][0]))
    for key in ("shared", "ports", "heartbeat", "on_fault", "restart_limit", "safe_state", "forbid_poweroff"):
        second.pop(key, None)
    second.update(name="logger", exclusive=False, cores=[0], memory=[{"gpa": 0, "address": 0x50000000, "size": "16 MiB"}])
    data["prelaunched_vms"].append(second)
    data["links"] = [{"uart": ["service:com4", "rtvm:com2"]}, {"uart": ["logger:com1", "rtvm:com4"]}]
    change(data)
    path = tmp_path / "lines.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


# REQ-TOO-030
def test_each_line_has_its_ends(tmp_path):
    table = Table.from_buffer_copy(compile_scenario(load_scenario(written(tmp_path))))
    assert table.link_count == 2
    assert [(end.vm, end.port, end.gsi) for end in table.link_end[:5]] == [(0, 0x2E8, 3), (1, 0x2F8, 0), (2, 0x3F8, 4), (1, 0x2E8, 0), (0, 0, 0)]
    assert Table.from_buffer_copy(compile_scenario(load_scenario("demo"))).link_count == 0


# REQ-TOO-030
def test_a_plain_line_of_yaml_says_it(tmp_path):
    path = written(tmp_path, lambda data: data.pop("links"))
    path.write_text(path.read_text(encoding="utf-8") + "links: [{uart: [service:com4, rtvm:com2]}]\n", encoding="utf-8")
    assert Table.from_buffer_copy(compile_scenario(load_scenario(path))).link_count == 1


# REQ-TOO-030 REQ-TOO-004
def test_acpi_shows_the_ends_with_their_interrupts(tmp_path):
    content = compile_scenario(load_scenario(written(tmp_path)))
    table = Table.from_buffer_copy(content)
    rtvm, logger = (content[vm.acpi_offset:vm.acpi_offset + vm.acpi_size] for vm in table.vm[1:3])
    for port in (0x2F8, 0x3E8, 0x2E8):
        assert b"\x47\x01" + struct.pack("<HHBB", port, port, 1, 8) + b"\x79" in rtvm, "polled: no interrupt follows the ports"
    assert b"\x47\x01" + struct.pack("<HHBB", 0x3F8, 0x3F8, 1, 8) + b"\x89\x06\x00\x03\x01\x04\x00\x00\x00\x79" in logger
    assert len(logger) - len(acpi.build(0xE0000, 1, False, acpi.Devices((), False))) > 12, "and a MADT with the IOAPIC"


# REQ-TOO-030
def test_the_picture_shows_the_lines(tmp_path):
    text = draw(load_scenario(written(tmp_path)))
    assert "serial lines between VMs\n  service com4, 0x2e8, interrupt 3 <-> rtvm com2, 0x2f8, polled\n  logger com1, 0x3f8, interrupt 4 <-> rtvm com4, 0x2e8, polled\n" in text
    assert "serial lines" not in draw(load_scenario("demo"))


MISTAKES = [
    (["service:com4", "rtmv:com2"], "links[0].uart[1]: there is no VM rtmv; use one of service, rtvm, logger"),
    (["service:com4", "rtvm:com3"], "links[0].uart[1]: rtvm has ports of the machine at com3, 0x3e8 to 0x3ef; use another one of com1 to com4"),
    (["service:com4", "rtvm:com4"], "links[1].uart[1]: rtvm:com4 is an end of links[0] already; use another one of com1 to com4"),
    (["service:com4", "service:com4"], "links[0].uart: an entry stands twice"),
    (["service:com4", "service:com3"], "links[0].uart[1]: the line connects service with itself; name another VM"),
    (["service:com4", "rtvm:com2", "logger:com2"], "links[0].uart: 3 entries, more than 2; a line has two ends"),
    (["service:com4"], "links[0].uart: 1 entries, fewer than 2; a line has two ends"),
    (["service:com4", "rtvm:com5"], "links[0].uart[1]: 'rtvm:com5' does not fit; write VM:PORT"),
]


# REQ-TOO-030
@pytest.mark.parametrize("ends, expected", MISTAKES, ids=[expected for _, expected in MISTAKES])
def test_a_mistake_is_explained(tmp_path, ends, expected):
    with pytest.raises(ConfigError) as caught:
        load_scenario(written(tmp_path, lambda data: data["links"][0].update(uart=ends)))
    assert expected in str(caught.value)


# REQ-TOO-030
def test_more_lines_than_there_can_be_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="5 entries, more than 4"):
        load_scenario(written(tmp_path, lambda data: data.update(links=5 * [{"uart": ["service:com4", "rtvm:com2"]}])))
