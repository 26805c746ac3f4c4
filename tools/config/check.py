# SPDX-License-Identifier: Apache-2.0
"""What a schema cannot say: overlap and ownership. The hypervisor checks the compiled table again and
trusts nothing of this; the compiler only says it earlier, with the line in the file."""
from tools.config import pci, space
from tools.config.board import KEPT_PORTS
from tools.config.health import check_counter, check_health
from tools.config.ivshmem import check_doorbells
from tools.config.links import check_links
from tools.config.pci import bdf_number
from tools.config.source import key_text, parse_bytes
from tools.config.space import MIB, PAGE, overlap, vms

TELEMETRY_SIZE = 0x123000       # HV_TELEMETRY_SIZE in abi/hv_info.h
SERVICE_MIN_MEMORY = "512 MiB"
HPET = (0xFED00000, 0x1000)
LENT_MOST = 0x1000000   # hv/devices/mmio_lent.c


def image_tags(vm):
    """Tags of the boot modules that a VM's image is made of, with where they stand in it: ("kernel",), ("modules", 0), ..."""
    image = vm["image"]
    return [((key,), image[key]) for key in ("kernel", "initrd") if key in image] + \
        [(("modules", index), tag) for index, tag in enumerate(image.get("modules", []))]


class Claims:
    """Things that at most one owner may hold: memory, ports, cores, lines, devices."""

    def __init__(self):
        self.held = []

    def take(self, start, size, owner):
        """The other owner when [start, start + size) is taken already, else None."""
        other = next((o for s, n, o in self.held if overlap((start, size), (s, n))), None)
        self.held.append((start, size, owner))
        return other


# REQ-TOO-001
class Checker:
    def __init__(self, document, scenario, board, board_name):
        self.document, self.scenario, self.board, self.board_name = document, scenario, board, board_name
        self.problems = []
        self.memory, self.ports = Claims(), Claims()
        self.cores, self.lines, self.devices = {}, {}, {}

    def fail(self, path, what, change):
        self.problems.append(self.document.problem(path, what, change))

    def run(self):
        self.check_names()
        self.check_cores()
        self.check_memory()
        self.check_ram()
        for path, vm in vms(self.scenario):
            self.check_image(path + ("image",), vm["image"])
            self.check_gpa(path, vm)
            self.check_ports(path, vm)
            self.check_devices(path, vm)
            check_health(self.fail, path, vm, pci.windows(self.board, vm.get("pci", [])))
            check_counter(self.fail, path, vm, self.scenario)
        check_doorbells(self.fail, self.scenario, self.board, self.board_name)
        check_links(self.fail, self.scenario)
        self.check_cache()
        self.check_iommu()
        return self.problems

    def check_names(self):
        seen = {}
        for path, vm in vms(self.scenario):
            if vm["name"] in seen:
                self.fail(path + ("name",), f"the name {vm['name']} is used by {seen[vm['name']]} already", "choose another")
            seen[vm["name"]] = ".".join(map(str, path))
        regions = set()
        for index, region in enumerate(self.scenario.get("shared_memory", [])):
            if region["name"] in regions:
                self.fail(("shared_memory", index, "name"), f"the name {region['name']} stands twice", "choose another")
            regions.add(region["name"])

    def check_image(self, path, image):
        if image["type"] == "multiboot" and "initrd" in image:
            self.fail(path + ("initrd",), "a multiboot image has no initrd", "list it under modules")
        if image["type"] == "bzimage" and "modules" in image:
            self.fail(path + ("modules",), "a bzimage has no modules", "give it an initrd, or use type: multiboot")

    def check_cores(self):
        shared = set()
        for path, vm in vms(self.scenario):
            exclusive = vm.get("exclusive", False)
            for index, core in enumerate(vm["cores"]):
                where = path + ("cores", index)
                if core >= self.board["cores"]:
                    self.fail(where, f"core {core} does not exist, board {self.board_name} has {self.board['cores']}",
                              f"use 0 to {self.board['cores'] - 1}")
                owner = self.cores.get(core)
                if owner and (exclusive or owner[1]) and owner[0] != vm["name"]:
                    self.fail(where, f"core {core} belongs to {owner[0]} already and one of the two is exclusive",
                              "give each exclusive VM cores of its own")
                self.cores.setdefault(core, (vm["name"], exclusive))
                if not exclusive:
                    shared.add(core)
        for index, core in enumerate(self.scenario.get("user_vms", {}).get("cores", [])):
            if core not in shared:
                self.fail(("user_vms", "cores", index), f"core {core} is not a shared core",
                          f"use cores of the Service VM: {sorted(shared)}")

    def claim(self, path, start, size, owner):
        if start % PAGE or size % PAGE:
            self.fail(path, f"{start:#x}, {size:#x} bytes, is not made of whole 4 KiB pages", "align address and size to 4096")
        if not any(start >= r["address"] and start + size <= r["address"] + parse_bytes(r["size"]) for r in self.board["ram"]):
            self.fail(path, f"{start:#x} to {start + size:#x} is not RAM of board {self.board_name}", "choose an address inside its ram")
        if start < MIB:
            self.fail(path, f"{start:#x} lies below 1 MiB, which firmware and core start-up use", "choose an address above")
        other = self.memory.take(start, size, owner)
        if other:
            self.fail(path, f"{start:#x} to {start + size:#x} overlaps {other}", "move or shrink one of the two")

    def check_memory(self):
        hypervisor = self.board["hypervisor"]
        self.memory.take(hypervisor["address"], parse_bytes(hypervisor["size"]), "the hypervisor's memory (board)")
        self.claim(("telemetry", "address"), self.scenario["telemetry"]["address"], TELEMETRY_SIZE, "telemetry")
        for index, region in enumerate(self.scenario.get("shared_memory", [])):
            self.claim(("shared_memory", index), region["address"], parse_bytes(region["size"]), f"shared region {region['name']}")
        for path, vm in vms(self.scenario):
            for index, part in enumerate(vm.get("memory", [])):
                self.claim(path + ("memory", index), part["address"], parse_bytes(part["size"]), f"memory of {vm['name']}")

    def check_ram(self):
        """All of it together, with what the Service VM needs at least."""
        needed = space.ram_needed(self.scenario, self.board, TELEMETRY_SIZE, SERVICE_MIN_MEMORY)
        there = sum(parse_bytes(part["size"]) for part in self.board["ram"])
        if needed > there:
            self.fail(("service_vm", "min_memory"), f"the scenario needs {-(-needed // MIB)} MiB with the hypervisor's, board {self.board_name} has {there // MIB}",
                      "give the VMs less, or lower min_memory")

    def check_gpa(self, path, vm):
        """One VM's own view: no two ranges at the same guest address."""
        view = Claims()
        for i, part in enumerate(vm.get("mmio", [])):
            self.check_mmio(path + ("mmio", i), part)
        for i, part in enumerate(vm.get("lend_mmio", [])):
            self.check_mmio(path + ("lend_mmio", i), part)
            self.check_lent(path + ("lend_mmio", i), part)
        for start, size in pci.windows(self.board, vm.get("pci", [])):
            self.check_mmio(path + ("pci",), {"address": start, "size": size})
        self.check_shared(path, vm)
        parts = space.guest_ranges(self.scenario, self.board, vm)
        for where, gpa, size, by in parts:
            if gpa % PAGE:
                self.fail(path + where, f"guest address {gpa:#x} is not a multiple of 4096", "align it")
            if gpa + size > space.GPA_LIMIT:
                self.fail(path + where, f"guest addresses {gpa:#x} to {gpa + size:#x} go beyond 2^48", "give it a gpa below" if by else "leave it out")
            kept = space.controller(self.board, gpa, size)
            if kept and "gpa" in vm[where[0]][where[1]]:    # else the address is the machine's, and check_mmio() says it
                self.fail(path + where, f"guest addresses {gpa:#x} to {gpa + size:#x} meet {kept}, where a VM has no memory and no device", self.other_gpa(parts, size))
            other = view.take(gpa, size, key_text(where))
            if other:
                self.fail(path + where, f"guest addresses {gpa:#x} to {gpa + size:#x} overlap {other} of the same VM", "move one of the two")
        if vm.get("acpi", True) and "memory" in vm and not any(
                p["gpa"] <= 0xE0000 and p["gpa"] + parse_bytes(p["size"]) >= 0x100000 for p in vm["memory"]):
            self.fail(path + ("memory",), "no RAM at guest addresses 0xE0000 to 0xFFFFF, where the ACPI tables go",
                      "start the VM's memory at gpa 0, or set acpi: false")

    def other_gpa(self, parts, size):
        """What to do about a guest range that lies where none may be."""
        at = space.room(space.align(size, PAGE), [part[1:3] for part in parts] + space.kept_ranges(self.board), [(MIB, space.FOUR_GIB), (space.FOUR_GIB, space.GPA_LIMIT)])
        return "give it another gpa" + (f", such as {at:#x}" if at else "")

    def check_shared(self, path, vm):
        regions = {region["name"]: region for region in self.scenario.get("shared_memory", [])}
        seen = set()
        for i, use in enumerate(vm.get("shared", [])):
            where, name = path + ("shared", i), use["name"]
            if name not in regions:
                self.fail(where + ("name",), f"there is no shared region {name}", f"use one of {', '.join(regions) or '(none defined)'} or add it to shared_memory")
            elif path == ("service_vm",) and use.get("gpa", regions[name]["address"]) != regions[name]["address"]:
                self.fail(where + ("gpa",), "the Service VM sees memory at its host-physical address", "leave gpa out")
            if name in seen:
                self.fail(where + ("name",), f"region {name} stands twice", "remove one: a VM has a region at one place")
            seen.add(name)

    def check_mmio(self, path, part):
        start, size = part["address"], parse_bytes(part["size"])
        if start % PAGE or size % PAGE:
            self.fail(path, f"{start:#x}, {size:#x} bytes, is not made of whole 4 KiB pages", "align address and size to 4096")
        if any(overlap((start, size), (r["address"], parse_bytes(r["size"]))) for r in self.board["ram"]):
            self.fail(path, f"{start:#x} is RAM, not a device", "use memory or shared for RAM")
        if start + size > space.HPA_LIMIT:
            self.fail(path, f"{start:#x} to {start + size:#x} goes beyond 2^52, where no machine has addresses", "correct address or size")
        kept = space.controller(self.board, start, size)
        if kept:
            self.fail(path, f"{start:#x} overlaps {kept}, which the hypervisor owns", "choose another window")
        other = self.memory.take(start, size, f"device window {start:#x}")
        if other:
            self.fail(path, f"overlaps {other}", "give each window to one VM")

    # REQ-CFG-041
    def check_lent(self, path, part):
        """What looks like a device that could be lent, and is not."""
        if overlap((part["address"], parse_bytes(part["size"])), HPET):
            self.fail(path, f"{part['address']:#x} overlaps the HPET, which the hypervisor owns: it writes messages to memory", "leave it out")
        if parse_bytes(part["size"]) > LENT_MOST:
            self.fail(path, f"{part['address']:#x} has more than 16 MiB, which is the most that is lent", "list parts of it")

    def check_ports(self, path, vm):
        owned = KEPT_PORTS | set(self.board.get("platform_ports", []))
        log = self.board.get("log_port", 0)
        owned |= set(range(log, log + 8)) if log else set()
        for index, part in enumerate(vm.get("ports", [])):
            where, base, count = path + ("ports", index), part["base"], part["count"]
            if base + count > 0x10000:
                self.fail(where, f"ports {base:#x} to {base + count - 1:#x} go beyond 0xFFFF", "lower base or count")
            taken = sorted(owned & set(range(base, base + count)))
            if taken:
                self.fail(where, f"port {taken[0]:#x} belongs to the hypervisor on board {self.board_name}", "leave it out")
            other = self.ports.take(base, count, vm["name"])
            if other:
                self.fail(where, f"ports {base:#x} to {base + count - 1:#x} overlap ports of {other}", "give each port to one VM")

    def check_devices(self, path, vm):
        for index, line in enumerate(vm.get("gsi", [])):
            if line in self.lines:
                self.fail(path + ("gsi", index), f"interrupt line {line} belongs to {self.lines[line]} already", "give each line to one VM")
            self.lines[line] = vm["name"]
        for index, text in enumerate(vm.get("pci", [])):
            self.check_function(path + ("pci", index), vm, text)

    # REQ-CFG-036
    def check_function(self, where, vm, text):
        """One function given to a VM: it is one, it has no other owner, and nothing of another VM's is in its reach."""
        problem = pci.find_problem(self.board, self.board_name, text)
        if problem:
            self.fail(where, *problem)
            return
        address = pci.address_of(self.board, text)
        bdf = bdf_number(address)
        if bdf == 0:
            self.fail(where, f"{text} is the host bridge", "leave it out")
        elif bdf // 8 == bdf_number(self.board.get("hv_device", "00:00.0")) // 8:
            self.fail(where, f"{text} is the hypervisor's own device, or where its functions are", "leave it out")
        if bdf in self.devices:
            self.fail(where, f"{text} belongs to {self.devices[bdf]} already", "give each device to one VM")
        self.devices[bdf] = vm["name"]
        own = {pci.address_of(self.board, other) for other in vm["pci"]}
        apart = [f for f in pci.neighbours(self.board, address) if f["address"].lower() not in own]
        if apart:
            self.fail(where, f"nothing keeps {address} apart from {pci.names(apart)}: they can reach each other without the IOMMU", "give all of them to this VM, or none")
        sharing = [f for f in pci.page_sharers(self.board, address) if f["address"].lower() not in own]
        if sharing:
            self.fail(where, f"a page of the registers of {address} holds registers of {pci.names(sharing)}", "give both to this VM, or have the firmware place them apart")
        if not space.mmconfig(self.board):
            self.fail(where, f"board {self.board_name} does not say where PCI MMCONFIG is, which a VM with a function needs", "add mmconfig to the board")

    def check_cache(self):
        """Shares of the caches: each way at most one VM's, and something left for those that name none."""
        present = list(vms(self.scenario))
        for path, vm in present:
            if "cache" in vm and path != ("service_vm",) and not vm["exclusive"]:
                self.fail(path + ("cache",), f"{vm['name']} runs on shared cores, which have the Service VM's share",
                          "remove it, or give the VM exclusive cores")
        for level in ("l2", "l3"):
            owners, most = {}, self.board.get(f"{level}_ways")
            for path, vm in present:
                if level in vm.get("cache", {}):
                    self.check_ways(path + ("cache", level), vm, owners)
            unnamed = [vm["name"] for _, vm in present if level not in vm.get("cache", {})]
            for path, vm in present:
                if most and level in vm.get("cache", {}) and unnamed and owners.keys() >= set(range(most)):
                    self.fail(path + ("cache", level), f"no way is left for {', '.join(unnamed)}", f"leave some of 0 to {most - 1}")

    def check_ways(self, where, vm, owners):
        first, last = vm["cache"][where[-1]]
        most = self.board.get(f"{where[-1]}_ways", 32)
        if first > last:
            self.fail(where, f"way {first} comes after way {last}", "write the lower one first")
        if last >= most:
            self.fail(where, f"way {last} does not exist, board {self.board_name} has {most}", f"use 0 to {most - 1}")
        taken = [way for way in range(first, last + 1) if way in owners]
        if taken:
            self.fail(where, f"way {taken[0]} belongs to {owners[taken[0]]} already", "give each way to one VM")
        owners.update({way: vm["name"] for way in range(first, last + 1) if way not in owners})

    def check_iommu(self):
        if self.board.get("iommu", False):
            return
        if not self.scenario.get("allow_no_iommu", False):
            self.fail(("allow_no_iommu",), f"board {self.board_name} has no IOMMU, so devices of the Service VM can reach all memory",
                      "set allow_no_iommu: true to accept that")
        for path, vm in vms(self.scenario):
            if vm.get("pci"):
                self.fail(path + ("pci",), "a PCI device given to a VM needs an IOMMU", f"use a board that has one; {self.board_name} has none")
