# SPDX-License-Identifier: Apache-2.0
"""scons stack passes on the project and fails on each thing that would make its figures wrong or too large."""
import shutil
import subprocess

import pytest

GATE = ("-m", "tools.evidence.stack")
LOG = "hv/core/log.c"
HEX = "void log_hex(uint64_t value)\n{\n"
HANDLER = "void cpuid_emulate(vcpu_id_t id)\n{\n"
DEEP = """static uint64_t deep(uint64_t n)
{
    volatile uint64_t words[64];
    words[n % 64U] = n;
    return (n == UINT64_MAX) ? 0U : (deep(n + 1U) + words[n % 64U]);
}

"""
LINE = "void log_line(const char *module, const char *text)\n{\n"


def test_the_project_passes(gate):
    gate.passes("hv main: worst", "rtvm main: worst")


def test_a_frame_that_overflows(gate, project):
    project.replace(LOG, LINE, LINE + "    volatile char big[20000];\n    big[0] = module[0];\n    log_text((big[0] == 0) ? text : module);\n")
    gate.fails("main stack: worst case", "stack.hv.main")


def test_more_than_promised(gate, project):
    project.replace(LOG, LINE, LINE + "    volatile char big[6000];\n    big[0] = module[0];\n    log_text((big[0] == 0) ? text : module);\n")
    gate.fails("main stack: worst case")


def test_recursion(gate, project):
    project.replace(LOG, HEX, HEX + "    if (value > 0xFFFFU) {\n        log_hex(value / 16U);\n    }\n")
    gate.fails("recursion: log_hex > log_hex", LOG)


def test_a_frame_of_unknown_size(gate, project):
    project.replace(LOG, HEX, HEX + "    volatile char *some = __builtin_alloca(value);\n    some[0] = 'x';\n    log_dec((uint64_t)some[0]);\n")
    gate.fails("frame of dynamic size")


def test_a_call_through_a_pointer(gate, project):
    project.replace(LOG, HEX, HEX + "    static void (*volatile other)(uint64_t) = log_dec;\n    other(value);\n")
    gate.fails("calls through a pointer that tools/evidence/stack.yaml does not explain", LOG)


def test_assembly_that_pushes_more(gate, project):
    project.replace("hv/x86/svm/enter.S", "svm_vmrun:\n    push %rbx\n", "svm_vmrun:\n    push %rbx\n    push %rbx\n    add $8, %rsp\n")
    gate.fails("svm_vmrun is in hv/x86/svm/enter.S and takes 80 bytes, not 72")


def test_inline_assembly_that_pushes(gate, project):
    project.replace(LOG, HEX, HEX + '    __asm__ volatile("pushq %0; popq %0" : "+r"(value));\n')
    gate.fails("log_hex moves the stack pointer in inline assembly by 8 bytes", LOG)


def test_a_call_that_the_call_graph_does_not_show(gate, project):
    project.replace(LOG, HEX, HEX + '    __asm__ volatile("call log_flush" : : : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");\n')
    gate.fails("log_hex calls log_flush, which the call graph does not show", LOG)


def test_an_entry_that_the_table_does_not_know(gate, project):
    project.replace("hv/x86/isr.S", "    call idt_dispatch\n", "    call idt_dispatch\n    call log_flush\n")
    gate.fails("idt_common calls log_flush, which tools/evidence/stack.yaml does not list")


def test_a_stack_without_guard_page(gate, project):
    project.replace("hv/x86/paging.c", "        image_map(pcpu_stacks[i].guard_nmi, pcpu_stacks[i].nmi, 0U);\n", "")
    gate.fails("stack nmi has no guard page")


def test_a_table_line_that_nothing_needs(gate, project):
    project.replace("tools/evidence/stack.yaml", "    apic_timer_count:", "    gone: {file: hv/x86/isr.S, bytes: 8, reason: none}\n    apic_timer_count:")
    gate.fails("assembly gone: nothing calls it")


def test_a_promise_that_is_missing(gate, project):
    project.replace("docs/specification.md", "`stack.hv.nmi`", "`stack.hv.other`")
    gate.fails("promises no stack.hv.nmi")


OVERFLOWING_RUN = """
from tools.boot import BUILD, machine_for
idle = BUILD / "tests" / "guests" / "idle.elf"
with machine_for("rt-only", BUILD / "tests" / "overflow", images={"idle": idle, "rtvm": BUILD / "tests" / "guests" / "exits.elf"}) as machine:
    print(machine.wait_for("hypervisor", r"panic: vector 0x\\w+ ", 120).group(0))
"""


@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="no QEMU")
def test_on_the_machine_the_guard_page_turns_an_overflow_into_a_double_fault(project):
    project.replace("hv/core/cpuid.c", HANDLER, DEEP + HANDLER + "    vcpu_regs[id].gpr[GPR_RAX] = deep(vcpu_regs[id].gpr[GPR_RAX]);\n")
    built = subprocess.run(["scons", "-Q", "-j2", "hv", "guests", "qemu-plugin"], cwd=project.root, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    status, text = project.run("-c", OVERFLOWING_RUN)
    assert status == 0, text
    assert "panic: vector 0x0000000000000008" in text
