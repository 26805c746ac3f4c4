/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Serial lines: between the Service VM and an exclusive VM, between two VMs on shared cores, and between two exclusive VMs. */
#include "world.h"

#include "core/exclusive_life.h"
#include "core/io.h"
#include "core/quick.h"
#include "core/vm_memory.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vuart.h"
#include "devices/vuart_line.h"

#define SHARED 2U
#define RTVM2  3U
#define COM1   0x3F8U
#define COM2   0x2F8U
#define COM3   0x3E8U
#define COM4   0x2E8U

#define DATA   0U
#define IER    1U
#define IIR    2U
#define FCR    2U
#define LCR    3U
#define MCR    4U
#define LSR    5U
#define MSR    6U
#define SCR    7U

#define THRE    0x60U
#define READY   1U
#define OVERRUN 2U
#define OUT2    8U
#define LOOP    0x10U
#define NONE    1U
#define RING    64U
#define FREE    48U /* bytes on the line at which the transmitter still is empty */

#define VECTOR_3 0x33U
#define VECTOR_4 0x34U

static void line(uint32_t n, struct part_uart a, struct part_uart b)
{
    partition.table.link_end[2U * n] = a;
    partition.table.link_end[(2U * n) + 1U] = b;
    partition.table.link_count = n + 1U;
}

static void another(vm_id_t v, const char *name, uint32_t flags, uint32_t core)
{
    world_vm(v, name, PART_VM_PRELAUNCH, flags, core);
    partition.table.vm[v].range_count = 1U;
    partition.table.vm[v].range[0] = partition.table.vm[RTVM].range[0];
    partition.table.vm[v].range[0].hpa = RTVM_HPA + ((v - 1U) * 0x400000U);
    partition.table.vm_count = v + 1U;
}

/* Pin 3 of the VM is its vector 0x33 on vCPU 0, an edge; pin 4 its 0x34. */
static void take_pins(vm_id_t v)
{
    assert_int_equal(vlapic_mmio_write(vcpu_id(v, 0U), 0xF0U, 0x1FFU), STATUS_OK);
    for (uint32_t pin = 3U; pin < 5U; pin++) {
        vioapic_mmio_write(v, 0U, 0x10U + (2U * pin));
        vioapic_mmio_write(v, 0x10U, 0x30U + pin);
    }
}

static int boot(void **state)
{
    (void)state;
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    world_machine();
    platform.pcpu_count = 6U;
    world_table();
    another(SHARED, "shared", 0U, 0U);
    another(RTVM2, "rtvm2", PART_VM_EXCLUSIVE, 4U);
    line(0U, (struct part_uart){ VM_SERVICE, COM4, 3U, 0U }, (struct part_uart){ RTVM, COM2, 0U, 0U });
    line(1U, (struct part_uart){ SHARED, COM1, 4U, 0U }, (struct part_uart){ VM_SERVICE, COM3, 4U, 0U });
    line(2U, (struct part_uart){ RTVM, COM1, 0U, 0U }, (struct part_uart){ RTVM2, COM1, 0U, 0U });
    world_boot();
    memset(vuart_line, 0, sizeof(vuart_line)); /* as at the machine's start */
    for (vm_id_t v = 0U; v < PART_MAX_VM; v++) {
        vuart_reset(v);
    }
    vuart_waiting = false;
    take_pins(VM_SERVICE);
    take_pins(SHARED);
    world_quiet();
    return 0;
}

/* As core_next() does it on the way back into the guest. */
static void go_on(vm_id_t v)
{
    if (!vms[v].exclusive && vuart_waiting) {
        vuart_look();
    }
}

static uint32_t access_one(vm_id_t v, uint32_t port, bool write, uint32_t value)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = port, .size = 1U, .write = write };
    uint32_t result = value;
    assert_true(vuart_port(v, &exit, &result));
    return result;
}

static uint32_t get(vm_id_t v, uint32_t port, uint32_t offset)
{
    uint32_t value = access_one(v, port + offset, false, 0U);
    go_on(v);
    return value;
}

static void set(vm_id_t v, uint32_t port, uint32_t offset, uint32_t value)
{
    (void)access_one(v, port + offset, true, value);
    go_on(v);
}

/* Interrupts are on, as Linux has them. */
static void listen(vm_id_t v, uint32_t port, uint32_t enable)
{
    set(v, port, FCR, 1U);
    set(v, port, MCR, OUT2);
    set(v, port, IER, enable);
}

/* Whether that vector is pending on the VM's vCPU 0; it is then taken and ended. */
static bool interrupted(vm_id_t v, uint32_t vector)
{
    vcpu_id_t id = vcpu_id(v, 0U);
    bool pending = vlapic_pending(id) == vector;

    if (pending) {
        vlapic_accepted(id, vector);
        assert_int_equal(vlapic_mmio_write(id, 0xB0U, 0U), STATUS_OK);
    }
    return pending;
}

static void look(void)
{
    (void)core_next(0U);
}

/* REQ-IO-040 */
static void what_one_sends_the_other_receives(void **state)
{
    (void)state;
    assert_int_equal(get(RTVM, COM2, LSR), THRE);
    for (uint32_t i = 0U; i < 1000U; i++) {
        set(VM_SERVICE, COM4, DATA, i);
        assert_int_equal(get(RTVM, COM2, LSR), THRE | READY);
        set(RTVM, COM2, DATA, ~i);
        assert_int_equal(get(RTVM, COM2, DATA), i & 0xFFU);
        assert_int_equal(get(RTVM, COM2, LSR), THRE);
        assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE | READY);
        assert_int_equal(get(VM_SERVICE, COM4, DATA), ~i & 0xFFU);
    }
    assert_int_equal(get(RTVM, COM2, DATA), 0U);
    assert_int_equal(get(RTVM, COM1, LSR), THRE); /* another line */
}

/* REQ-IO-040 */
static void a_sender_that_looks_loses_nothing(void **state)
{
    uint32_t sent = 0U;
    uint32_t got = 0U;
    (void)state;
    while (got < 4096U) {
        while ((sent < 4096U) && ((get(RTVM, COM2, LSR) & THRE) != 0U)) {
            for (uint32_t i = 0U; i < 16U; i++) {
                set(RTVM, COM2, DATA, sent * 7U);
                sent++;
            }
        }
        for (uint32_t i = 0U; i < 29U && ((get(VM_SERVICE, COM4, LSR) & READY) != 0U); i++) {
            assert_int_equal(get(VM_SERVICE, COM4, DATA), (got * 7U) & 0xFFU);
            got++;
        }
    }
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
}

/* REQ-IO-040 */
static void one_that_does_not_look_is_told_by_the_receiver_and_waits_for_nobody(void **state)
{
    (void)state;
    listen(VM_SERVICE, COM4, 4U);
    for (uint32_t i = 0U; i < FREE; i++) {
        set(RTVM, COM2, DATA, i);
        assert_int_equal(get(RTVM, COM2, LSR), THRE);
    }
    for (uint32_t i = FREE; i < RING; i++) {
        set(RTVM, COM2, DATA, i);
        assert_int_equal(get(RTVM, COM2, LSR), 0U);
    }
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC0U | NONE);
    for (uint32_t i = 0U; i < 3U; i++) {
        set(RTVM, COM2, DATA, 0xEEU);
    }
    look();
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC6U);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE | READY | OVERRUN);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE | READY);
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC0U | NONE);
    for (uint32_t i = 0U; i < RING; i++) {
        assert_int_equal(get(VM_SERVICE, COM4, DATA), i);
        assert_int_equal(get(RTVM, COM2, LSR), (i < 15U) ? 0U : THRE);
    }
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
}

/* REQ-INT-090 */
static void a_byte_interrupts_once_until_it_is_read(void **state)
{
    (void)state;
    listen(VM_SERVICE, COM3, 1U);
    assert_int_equal(get(VM_SERVICE, COM3, IIR), 0xC0U | NONE);
    set(SHARED, COM1, DATA, 1U);
    assert_true(interrupted(VM_SERVICE, VECTOR_4));
    set(SHARED, COM1, DATA, 2U);
    assert_false(interrupted(VM_SERVICE, VECTOR_4)); /* the line is high, which is no edge */
    assert_int_equal(get(VM_SERVICE, COM3, IIR), 0xC4U);
    assert_int_equal(get(VM_SERVICE, COM3, DATA), 1U);
    assert_int_equal(get(VM_SERVICE, COM3, IIR), 0xC4U);
    assert_int_equal(get(VM_SERVICE, COM3, DATA), 2U);
    assert_int_equal(get(VM_SERVICE, COM3, IIR), 0xC0U | NONE);
    assert_false(interrupted(VM_SERVICE, VECTOR_4));
    set(SHARED, COM1, DATA, 3U);
    assert_true(interrupted(VM_SERVICE, VECTOR_4));
}

/* REQ-INT-090 */
static void without_out2_or_in_loopback_nothing_interrupts(void **state)
{
    (void)state;
    set(VM_SERVICE, COM3, IER, 0xFFU);
    assert_int_equal(get(VM_SERVICE, COM3, IER), 0xFU);
    set(SHARED, COM1, DATA, 1U);
    set(VM_SERVICE, COM3, MCR, OUT2 | LOOP);
    assert_false(interrupted(VM_SERVICE, VECTOR_4));
    set(VM_SERVICE, COM4, IER, 1U);
    set(RTVM, COM2, DATA, 1U);
    assert_false(vuart_waiting);
    assert_int_equal(fake_pcpu[0].kicks, 0U);
    set(VM_SERVICE, COM3, MCR, OUT2);
    assert_true(interrupted(VM_SERVICE, VECTOR_4));
}

/* REQ-INT-090 */
static void an_empty_transmitter_interrupts_when_it_becomes_so(void **state)
{
    (void)state;
    listen(VM_SERVICE, COM4, 2U);
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC2U);
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC0U | NONE); /* told once */
    set(VM_SERVICE, COM4, DATA, 0U);
    assert_true(interrupted(VM_SERVICE, VECTOR_3)); /* the byte is on the line at once */
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC2U);
    for (uint32_t i = 1U; i < RING; i++) {
        set(VM_SERVICE, COM4, DATA, i);
    }
    (void)interrupted(VM_SERVICE, VECTOR_3);
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC0U | NONE);
    for (uint32_t i = 0U; i < 15U; i++) {
        (void)get(RTVM, COM2, DATA);
    }
    assert_false(vuart_waiting);
    (void)get(RTVM, COM2, DATA);
    assert_true(vuart_waiting);
    assert_int_equal(fake_pcpu[0].kicks, 1U);
    look();
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC2U);
    set(VM_SERVICE, COM4, IER, 0U);
    set(VM_SERVICE, COM4, IER, 2U); /* asked for again: told again */
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC2U);
}

/* REQ-INT-090 */
static void asked_for_while_it_is_full_the_transmitter_is_silent(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < RING; i++) {
        set(VM_SERVICE, COM4, DATA, i);
    }
    listen(VM_SERVICE, COM4, 2U);
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC0U | NONE);
    assert_false(interrupted(VM_SERVICE, VECTOR_3));
}

/* REQ-RT-080 */
static void an_exclusive_vm_that_floods_calls_a_shared_core_once(void **state)
{
    (void)state;
    listen(VM_SERVICE, COM4, 1U);
    for (uint32_t i = 0U; i < 1000U; i++) {
        set(RTVM, COM2, DATA, i);
    }
    assert_int_equal(fake_pcpu[0].kicks, 1U);
    look();
    assert_false(vuart_waiting);
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    set(RTVM, COM2, DATA, 0U); /* it has not read yet */
    assert_int_equal(fake_pcpu[0].kicks, 1U);
}

/* REQ-RT-080 */
static void an_exclusive_vm_gets_no_interrupt_and_no_kick(void **state)
{
    (void)state;
    listen(RTVM, COM2, 0xFU);
    listen(RTVM2, COM1, 0xFU);
    for (uint32_t i = 0U; i < 100U; i++) {
        set(VM_SERVICE, COM4, DATA, i);
        set(RTVM, COM1, DATA, i);
    }
    assert_int_equal(get(RTVM, COM2, IIR), 0xC6U); /* when it asks, it is told */
    assert_int_equal(get(RTVM2, COM1, DATA), 0U);
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        assert_int_equal(fake_pcpu[p].kicks, 0U);
        assert_int_equal(fake_pcpu[p].ipis, 0U);
    }
    assert_false(vuart_waiting);
}

/* What a Linux driver does to find out what it has (drivers/tty/serial/8250/8250_port.c, autoconfig). */
/* REQ-IO-040 */
static void linux_takes_it_for_a_16550a(void **state)
{
    (void)state;
    set(VM_SERVICE, COM4, IER, 0U);
    assert_int_equal(get(VM_SERVICE, COM4, IER), 0U);
    set(VM_SERVICE, COM4, IER, 0xFU);
    assert_int_equal(get(VM_SERVICE, COM4, IER), 0xFU);
    set(VM_SERVICE, COM4, IER, 0U);
    set(VM_SERVICE, COM4, MCR, LOOP | OUT2 | 2U);
    assert_int_equal(get(VM_SERVICE, COM4, MSR) & 0xF0U, 0x90U);
    set(VM_SERVICE, COM4, MCR, LOOP | 5U);
    assert_int_equal(get(VM_SERVICE, COM4, MSR) & 0xF0U, 0x60U);
    set(VM_SERVICE, COM4, MCR, 0U);
    set(VM_SERVICE, COM4, LCR, 0xBFU);
    assert_int_not_equal(get(VM_SERVICE, COM4, 2U), 0U); /* no 16650 */
    set(VM_SERVICE, COM4, LCR, 0U);
    assert_int_equal(get(VM_SERVICE, COM4, IIR) >> 6U, 0U);
    set(VM_SERVICE, COM4, FCR, 0x21U);
    assert_int_equal(get(VM_SERVICE, COM4, IIR) >> 5U, 6U); /* no 16750 */
    set(VM_SERVICE, COM4, SCR, 0xA5U);
    assert_int_equal(get(VM_SERVICE, COM4, SCR), 0xA5U);
}

/* REQ-IO-040 */
static void in_loopback_it_hears_itself_and_the_line_rests(void **state)
{
    (void)state;
    set(RTVM, COM2, DATA, 0x77U);
    set(VM_SERVICE, COM4, MCR, LOOP);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
    for (uint32_t i = 0U; i < 256U; i++) {
        set(VM_SERVICE, COM4, DATA, i);
    }
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE | READY | OVERRUN);
    for (uint32_t i = 0U; i < 16U; i++) {
        assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE | READY);
        assert_int_equal(get(VM_SERVICE, COM4, DATA), i);
    }
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
    assert_int_equal(get(RTVM, COM2, LSR), THRE);
    set(VM_SERVICE, COM4, DATA, 1U);
    set(VM_SERVICE, COM4, MCR, 0U);
    set(VM_SERVICE, COM4, FCR, 4U); /* what it sent stays sent */
    assert_int_equal(get(VM_SERVICE, COM4, DATA), 1U);
    assert_int_equal(get(VM_SERVICE, COM4, DATA), 0x77U);
    set(VM_SERVICE, COM4, MCR, LOOP);
    set(VM_SERVICE, COM4, DATA, 2U);
    set(VM_SERVICE, COM4, FCR, 2U);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
    set(VM_SERVICE, COM4, MCR, 0U);
    for (uint32_t i = 0U; i < RING; i++) {
        set(VM_SERVICE, COM4, DATA, i);
    }
    assert_int_equal(get(VM_SERVICE, COM4, LSR), 0U);
    set(VM_SERVICE, COM4, MCR, LOOP);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
}

/* REQ-IO-040 */
static void divisors_and_format_read_as_written(void **state)
{
    (void)state;
    set(RTVM, COM2, LCR, 0x83U);
    set(RTVM, COM2, DATA, 0x34U);
    set(RTVM, COM2, IER, 0x12U);
    assert_int_equal(get(RTVM, COM2, DATA), 0x34U);
    assert_int_equal(get(RTVM, COM2, IER), 0x12U);
    assert_int_equal(get(RTVM, COM2, LSR), THRE);
    assert_int_equal(get(RTVM, COM2, LCR), 0x83U);
    set(RTVM, COM2, LCR, 3U);
    assert_int_equal(get(RTVM, COM2, IER), 0U);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
    set(RTVM, COM2, MCR, 0xEBU);
    assert_int_equal(get(RTVM, COM2, MCR), 0xBU);
    set(RTVM, COM2, LSR, 0U);
    set(RTVM, COM2, MSR, 0xFFU);
    assert_int_equal(get(RTVM, COM2, LSR), THRE);
    assert_int_equal(get(RTVM, COM2, MSR), 0U);
    assert_int_equal(get(RTVM, COM2, SCR), 0U);
}

/* REQ-IO-040 REQ-INT-090 */
static void the_peers_outputs_are_the_modem_lines(void **state)
{
    (void)state;
    listen(VM_SERVICE, COM4, 8U);
    set(RTVM, COM2, MCR, 1U);
    look();
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC0U);
    assert_int_equal(get(VM_SERVICE, COM4, MSR), 0xAAU);
    assert_int_equal(get(VM_SERVICE, COM4, MSR), 0xA0U);
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC0U | NONE);
    set(RTVM, COM2, MCR, 7U); /* OUT1 goes nowhere */
    assert_int_equal(get(VM_SERVICE, COM4, MSR), 0xB1U);
    set(RTVM, COM2, MCR, LOOP | 7U);
    assert_int_equal(get(VM_SERVICE, COM4, MSR), 0x0BU);
    set(VM_SERVICE, COM4, MCR, LOOP | 4U);
    assert_int_equal(get(VM_SERVICE, COM4, MSR), 0x40U); /* RI tells when it falls */
    set(VM_SERVICE, COM4, MCR, LOOP);
    assert_int_equal(get(VM_SERVICE, COM4, MSR), 0x04U);
}

static uint32_t fences;
static void one_more_byte_arrives(void)
{
    fences++;
    if (fences == 2U) { /* the line was just lowered */
        vuart_line[1].ring[1] = 0x99U;
        vuart_line[1].head = 2U;
    }
}

/* REQ-INT-090 */
static void a_byte_that_comes_while_the_line_falls_raises_it_again(void **state)
{
    (void)state;
    listen(VM_SERVICE, COM4, 1U);
    set(RTVM, COM2, DATA, 1U);
    look();
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    fences = 0U;
    fake_on_fence = one_more_byte_arrives;
    assert_int_equal(get(VM_SERVICE, COM4, DATA), 1U);
    fake_on_fence = NULL;
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    assert_int_equal(get(VM_SERVICE, COM4, DATA), 0x99U);
}

/* REQ-INT-090 */
static void a_line_without_a_pin_is_polled(void **state)
{
    (void)state;
    partition.table.link_end[0].gsi = 0U;
    listen(VM_SERVICE, COM4, 1U);
    set(RTVM, COM2, DATA, 1U);
    look();
    assert_false(interrupted(VM_SERVICE, VECTOR_3));
    assert_int_equal(get(VM_SERVICE, COM4, IIR), 0xC4U);
}

static void port_exit(vcpu_id_t id, uint32_t port, uint32_t size, bool write, uint64_t rax)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = port, .size = size, .write = write, .length = 1U };
    vcpu_regs[id].gpr[GPR_RAX] = rax;
    if (vms[vcpu_vm(id)].exclusive) {
        assert_false(core_quick_port(id, port, size, write));
        (void)core_exclusive_exit(id, &exit);
    } else {
        io_exit(id, &exit);
    }
}

/* REQ-IO-040 */
static void its_ports_are_those_of_the_pc(void **state)
{
    vcpu_id_t rtvm = vcpu_id(RTVM, 1U);
    vcpu_id_t service = vcpu_id(VM_SERVICE, 1U);
    struct vm_exit string = { .reason = HV_EXIT_IO, .number = COM2, .size = 1U, .write = true, .string = true, .length = 1U };
    (void)state;
    port_exit(rtvm, COM2 + SCR, 1U, true, 0x1234U);
    assert_int_equal(get(RTVM, COM2, SCR), 0x34U);
    port_exit(rtvm, COM2 + SCR, 1U, false, 0xFFFF00U);
    assert_int_equal(vcpu_regs[rtvm].gpr[GPR_RAX], 0xFFFF34U);
    port_exit(rtvm, COM2 + SCR, 2U, false, 0U);
    assert_int_equal(vcpu_regs[rtvm].gpr[GPR_RAX], 0xFFFFU);
    port_exit(rtvm, COM4 + SCR, 1U, false, 0U); /* no line ends there */
    assert_int_equal(vcpu_regs[rtvm].gpr[GPR_RAX], 0xFFU);
    port_exit(service, COM4 + SCR, 1U, true, 0x56U);
    port_exit(service, COM4 + SCR, 1U, false, 0U);
    assert_int_equal(vcpu_regs[service].gpr[GPR_RAX], 0x56U);
    port_exit(service, COM4 + SCR, 2U, false, 0U);
    assert_int_equal(vcpu_regs[service].gpr[GPR_RAX], 0xFFFFU);
    port_exit(service, COM4, 2U, true, 0U);
    (void)core_exclusive_exit(rtvm, &string);
    assert_int_equal(get(RTVM, COM2, LSR) | get(VM_SERVICE, COM4, LSR), THRE);
    assert_true(io_port_withheld(COM4) && io_port_withheld(COM4 + 7U) && io_port_withheld(COM3));
    assert_false(io_port_withheld(COM4 - 1U) || io_port_withheld(COM4 + 8U) || io_port_withheld(COM2));
}

static void where_no_line_ends_nothing_answers(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = COM4, .size = 1U };
    uint32_t value = 0U;
    (void)state;
    assert_true(vuart_claims(VM_SERVICE, COM4) && vuart_claims(VM_SERVICE, COM4 + 7U));
    assert_false(vuart_claims(VM_SERVICE, COM2) || vuart_claims(RTVM, COM4) || vuart_claims(VM_SERVICE, COM4 - 1U));
    assert_false(vuart_port(RTVM, &exit, &value));
    assert_false(vuart_port_named(0x3F7U) || vuart_port_named(0x400U) || vuart_port_named(0x1F8U) || vuart_port_named(0x378U));
    assert_true(vuart_port_named(COM1 + 7U) && vuart_port_named(COM2) && vuart_port_named(COM3) && vuart_port_named(COM4));
}

/* REQ-LIF-070 */
static void a_vm_that_starts_again_has_its_ports_as_after_power_on(void **state)
{
    (void)state;
    listen(VM_SERVICE, COM4, 8U);
    set(RTVM, COM2, LCR, 3U);
    set(RTVM, COM2, MCR, 3U);
    set(RTVM, COM2, SCR, 0x5AU);
    set(RTVM, COM2, DATA, 0x42U);
    for (uint32_t i = 0U; i <= RING; i++) {
        set(VM_SERVICE, COM4, DATA, i);
    }
    (void)get(VM_SERVICE, COM4, MSR);
    assert_int_equal(get(VM_SERVICE, COM4, LSR) & THRE, 0U);
    (void)interrupted(VM_SERVICE, VECTOR_3);
    exclusive_stop(RTVM);
    (void)core_exclusive_next(vcpu_id(RTVM, 0U)); /* tells its peer, and leaves */
    look();
    assert_true(interrupted(VM_SERVICE, VECTOR_3));
    assert_int_equal(get(VM_SERVICE, COM4, MSR), 0x0BU);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE | READY);
    assert_int_equal(get(VM_SERVICE, COM4, DATA), 0x42U); /* what it said before is not lost */
    assert_int_equal(get(RTVM, COM2, LSR), THRE);         /* neither bytes nor their loss are left */
    assert_int_equal(get(RTVM, COM2, LCR) | get(RTVM, COM2, MCR) | get(RTVM, COM2, SCR), 0U);
}

/* REQ-LIF-070 */
static void the_end_of_a_dead_vm_fills_and_nobody_waits(void **state)
{
    (void)state;
    exclusive_stop(RTVM);
    (void)core_exclusive_next(vcpu_id(RTVM, 0U));
    for (uint32_t i = 0U; i < 1000U; i++) {
        set(VM_SERVICE, COM4, DATA, i);
    }
    assert_int_equal(get(VM_SERVICE, COM4, LSR), 0U);
}

/* REQ-LIF-070 */
static void the_service_vms_end_frees_the_line(void **state)
{
    (void)state;
    set(VM_SERVICE, COM4, MCR, 1U);
    for (uint32_t i = 0U; i < RING; i++) {
        set(RTVM, COM2, DATA, i);
    }
    (void)get(RTVM, COM2, MSR);
    assert_int_equal(get(RTVM, COM2, LSR), 0U);
    vm_service_reset();
    assert_int_equal(get(RTVM, COM2, LSR), THRE);
    assert_int_equal(get(RTVM, COM2, MSR), 0x0AU);
}

/* Two vCPUs of an exclusive VM that access at once may count wrong: bytes of that VM are lost, and its peer goes on. */
/* REQ-IO-040 */
static void a_count_that_a_vm_has_spoilt_is_an_empty_ring(void **state)
{
    (void)state;
    vuart_line[0].tail = 9U;
    vuart_line[1].head = 6U; /* its writer has stored an older count than what is read */
    assert_int_equal(vuart_waits(0U), 0U);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
    for (uint32_t i = 0U; i < 5U; i++) {
        assert_int_equal(get(RTVM, COM2, LSR) & THRE, THRE);
        set(RTVM, COM2, DATA, 0x40U + i);
    }
    assert_int_equal(vuart_waits(0U), 2U);
    assert_int_equal(get(VM_SERVICE, COM4, DATA), 0x43U);
    assert_int_equal(get(VM_SERVICE, COM4, DATA), 0x44U);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
    vuart_line[0].head = 5U;
    vuart_line[1].tail = 6U; /* both of its readers have taken the last byte */
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
    set(VM_SERVICE, COM4, DATA, 0x50U);
    set(VM_SERVICE, COM4, DATA, 0x51U);
    assert_int_equal(get(RTVM, COM2, DATA), 0x51U);
    assert_int_equal(get(VM_SERVICE, COM4, LSR), THRE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, boot)
    const struct CMUnitTest tests[] = {
        T(what_one_sends_the_other_receives), T(a_sender_that_looks_loses_nothing),
        T(one_that_does_not_look_is_told_by_the_receiver_and_waits_for_nobody), T(a_byte_interrupts_once_until_it_is_read),
        T(without_out2_or_in_loopback_nothing_interrupts), T(an_empty_transmitter_interrupts_when_it_becomes_so),
        T(asked_for_while_it_is_full_the_transmitter_is_silent), T(an_exclusive_vm_that_floods_calls_a_shared_core_once),
        T(an_exclusive_vm_gets_no_interrupt_and_no_kick), T(linux_takes_it_for_a_16550a), T(in_loopback_it_hears_itself_and_the_line_rests),
        T(divisors_and_format_read_as_written), T(the_peers_outputs_are_the_modem_lines), T(a_byte_that_comes_while_the_line_falls_raises_it_again), T(a_line_without_a_pin_is_polled),
        T(its_ports_are_those_of_the_pc), T(where_no_line_ends_nothing_answers), T(a_vm_that_starts_again_has_its_ports_as_after_power_on),
        T(the_end_of_a_dead_vm_fills_and_nobody_waits), T(the_service_vms_end_frees_the_line),
        T(a_count_that_a_vm_has_spoilt_is_an_empty_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
