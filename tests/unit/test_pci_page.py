# SPDX-License-Identifier: Apache-2.0
"""docs/pci.md says what the sources say: each of its numbers is its constant, and no constant of an identity or a capability is missing there."""
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "pci.md").read_text(encoding="utf-8")
# What of a file is an identity, a place of a capability, or a capability that is looked for.
COMPLETE = {"abi/hv_info.h": r"HV_PCI_\w+", "hv/devices/ivshmem_config.c": r"(?:ID_|CLASS_|CAP_)\w+|MSIX_(?:TABLE|PENDING)|GIVEN_BDF",
            "hv/devices/vpci_scan.c": r"(?:EXT|CAP)_\w+", "hv/devices/vpci_given.c": r"HOST_BRIDGE_CLASS", "dm/pci.c": r"HOST_BRIDGE_\w+|CLASS_\w+",
            "dm/virtio_pci.c": r"VENDOR_\w+|DEVICE_\w+", "dm/virtio.h": r"VIRTIO_ID_\w+|VIRTIO_BAR_SIZE"}
ROWS = re.findall(r"^\| [^|]+ \| (0x[0-9a-f]+|\d+) \| (\w+) \| ([\w./]+) \|$", TEXT, re.M)
MODELS = {"network": "virtio_net.c", "disk": "virtio_blk.c", "console": "virtio_console.c", "random numbers": "virtio_rng.c"}


def constants(path):
    return {name: int(value, 0) for name, value in re.findall(r"^#define\s+(\w+)\s+(0x[0-9A-Fa-f]+|\d+)U?L*\b", (ROOT / path).read_text(), re.M)}


def differences(rows):
    return [f"{name} of {path}: {constants(path).get(name)}, not {value}" for value, name, path in rows if constants(path).get(name) != int(value, 0)]


# REQ-EVI-050
def test_every_number_of_the_page_is_the_one_of_the_sources():
    assert len(ROWS) == TEXT.partition("## Numbers")[2].count("\n| ") - 1
    assert differences(ROWS) == []
    assert differences([("0xb04e", "HV_PCI_VENDOR", "abi/hv_info.h")]) == ["HV_PCI_VENDOR of abi/hv_info.h: 45133, not 0xb04e"]


# REQ-EVI-050
def test_no_identity_and_no_capability_is_missing():
    told = {(path, name) for _, name, path in ROWS}
    for path, pattern in COMPLETE.items():
        for name in constants(path):
            assert not re.fullmatch(pattern, name) or name in ("CAP_ID_MSIX", "CAPABILITIES_MAX") or (path, name) in told, f"{name} of {path}"


# REQ-EVI-050
def test_identities_are_written_out_of_these_numbers():
    value = {(name, path): int(number, 0) for number, name, path in ROWS}

    def one(name, path):
        return value[name, path]
    hv, scan = "abi/hv_info.h", "hv/devices/ivshmem_config.c"
    shared, subsystem = one("ID_VENDOR", scan), one("ID_SUBSYSTEM", scan)
    for words in (f"{one('HV_PCI_VENDOR', hv):04x}:{one('HV_PCI_DEVICE', hv):04x}, class {one('HV_PCI_CLASS', hv):06x}, revision {one('HV_REVISION', 'hv/devices/vpci_hv.c')}",
                  f"{one('HV_PCI_VENDOR', hv):04x}:{one('HV_PCI_HOST_BRIDGE', hv):04x}, class {one('HOST_BRIDGE_CLASS', 'hv/devices/vpci_given.c') >> 8:06x}",
                  f"{shared & 0xFFFF:04x}:{shared >> 16:04x}, subsystem {subsystem & 0xFFFF:04x}:{subsystem >> 16:04x}, "
                  f"class {one('CLASS_RAM', scan) >> 8:06x}, revision {one('CLASS_RAM', scan) & 0xFF}",
                  f"{one('HOST_BRIDGE_VENDOR', 'dm/pci.c'):04x}:{one('HOST_BRIDGE_ID', 'dm/pci.c'):04x}, class {one('CLASS_HOST_BRIDGE', 'dm/pci.c'):06x}"):
        assert f"| {words} |" in TEXT
    for device, kind in (("network", "NETWORK"), ("disk", "BLOCK"), ("console", "CONSOLE"), ("random numbers", "RNG")):
        class_code = re.search(r"\.class_code = 0x(\w+)", (ROOT / "dm" / MODELS[device]).read_text())[1].lower()
        number, vendor = one(f"VIRTIO_ID_{kind}", "dm/virtio.h"), one("VENDOR_VIRTIO", "dm/virtio_pci.c")
        identity = f"{vendor:04x}:{one('DEVICE_MODERN', 'dm/virtio_pci.c') + number:04x}, subsystem {vendor:04x}:{number:04x}, class {class_code}, revision 1"
        assert re.search(rf"^\| {device} \([\w, `-]+\) \| {identity} \|", TEXT, re.M)
