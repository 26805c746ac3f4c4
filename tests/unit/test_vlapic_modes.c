/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c
   devices/vlapic_timer.c devices/vlapic_ipi.c */
/* Modes of the virtual local APIC, and the rules of x2APIC. */
#include "vlapic_setup.h"

/* ---- modes ---- */

static void apic_base_shows_the_boot_processor(void **state)
{
    (void)state;
    assert_int_equal(msr_read(CPU(0), MSR_APIC_BASE), BASE_XAPIC | 0x100U);
    assert_int_equal(msr_read(CPU(1), MSR_APIC_BASE), BASE_XAPIC);
    msr_write(CPU(1), MSR_APIC_BASE, BASE_XAPIC | 0x100U);
    assert_int_equal(msr_read(CPU(1), MSR_APIC_BASE), BASE_XAPIC);
}

static void modes_change_to_their_neighbours_only(void **state)
{
    static const struct { uint64_t from, to; bool legal; } change[] = {
        { BASE_XAPIC, BASE_XAPIC, true },   { BASE_XAPIC, BASE_X2APIC, true },   { BASE_XAPIC, VLAPIC_BASE, true },
        { BASE_XAPIC, VLAPIC_BASE | 0x400U, false },
        { BASE_X2APIC, BASE_XAPIC, false }, { BASE_X2APIC, BASE_X2APIC, true },  { BASE_X2APIC, VLAPIC_BASE, true },
        { BASE_X2APIC, VLAPIC_BASE | 0x400U, false },
        { VLAPIC_BASE, BASE_XAPIC, true },  { VLAPIC_BASE, BASE_X2APIC, false }, { VLAPIC_BASE, VLAPIC_BASE, true },
        { VLAPIC_BASE, VLAPIC_BASE | 0x400U, false },
    };
    (void)state;
    for (size_t i = 0U; i < sizeof(change) / sizeof(change[0]); i++) {
        vlapic_reset(CPU(1));
        msr_write(CPU(1), MSR_APIC_BASE, change[i].from);
        assert_int_equal(msr_write_faults(CPU(1), MSR_APIC_BASE, change[i].to), !change[i].legal);
        assert_int_equal(msr_read(CPU(1), MSR_APIC_BASE), change[i].legal ? change[i].to : change[i].from);
    }
}

/* REQ-INT-012 */
static void the_page_cannot_be_moved(void **state)
{
    (void)state;
    assert_true(msr_write_faults(CPU(0), MSR_APIC_BASE, BASE_XAPIC + 0x1000U));
    assert_true(msr_write_faults(CPU(0), MSR_APIC_BASE, BASE_XAPIC | (1ULL << 40U)));
    assert_true(msr_write_faults(CPU(0), MSR_APIC_BASE, BASE_XAPIC | 1U));
    assert_true(msr_write_faults(CPU(0), MSR_APIC_BASE, BASE_XAPIC | 0x200U));
}

static void each_mode_answers_at_its_own_interface_only(void **state)
{
    uint32_t value = 0U;
    (void)state;
    assert_true(msr_read_faults(CPU(0), 0x802U));
    assert_true(msr_write_faults(CPU(0), 0x80BU, 0U));
    enter_x2apic(CPU(0));
    assert_int_equal(msr_read(CPU(0), 0x803U), 0x50014U);
    assert_int_equal(vlapic_mmio_read(CPU(0), 0x30U, &value), STATUS_INVALID);
    assert_int_equal(vlapic_mmio_write(CPU(0), 0x80U, 0x50U), STATUS_INVALID);
    msr_write(CPU(0), MSR_APIC_BASE, VLAPIC_BASE);
    assert_int_equal(vlapic_mmio_read(CPU(0), 0x30U, &value), STATUS_INVALID);
    assert_true(msr_read_faults(CPU(0), 0x803U));
}

static void disabling_loses_the_registers(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x80U, 0x50U);
    vlapic_post(CPU(0), 0x99U, false);
    msr_write(CPU(0), MSR_APIC_BASE, VLAPIC_BASE);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    vlapic_post(CPU(0), 0x99U, false);
    msr_write(CPU(0), MSR_APIC_BASE, BASE_XAPIC);
    assert_int_equal(apic_read(CPU(0), 0x80U), 0U);
    assert_int_equal(apic_read(CPU(0), 0xF0U), 0xFFU);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
}

static void init_keeps_the_mode_and_loses_the_rest(void **state)
{
    (void)state;
    enter_x2apic(CPU(3));
    msr_write(CPU(3), 0x808U, 0x50U);
    vlapic_post(CPU(3), 0x99U, false);
    vlapic_init(CPU(3));
    assert_int_equal(msr_read(CPU(3), MSR_APIC_BASE), BASE_X2APIC);
    assert_int_equal(msr_read(CPU(3), 0x802U), 3U);
    assert_int_equal(msr_read(CPU(3), 0x80DU), 8U);
    assert_int_equal(msr_read(CPU(3), 0x808U), 0U);
    assert_int_equal(msr_read(CPU(3), 0x80FU), 0xFFU);
    assert_false(requested(CPU(3), 0x99U));
}

static void entering_x2apic_keeps_requests_and_derives_the_logical_id(void **state)
{
    (void)state;
    apic_write(CPU(2), 0xD0U, 0x40000000U);
    apic_write(CPU(2), 0x310U, 0x01000000U);
    vlapic_post(CPU(2), 0x99U, false);
    enter_x2apic(CPU(2));
    assert_int_equal(msr_read(CPU(2), 0x802U), 2U);
    assert_int_equal(msr_read(CPU(2), 0x80DU), 4U);
    assert_int_equal(msr_read(CPU(2), 0x830U), 0U);
    assert_int_equal(vlapic_pending(CPU(2)), 0x99U);
}

static void writing_the_same_mode_again_loses_nothing(void **state)
{
    (void)state;
    enter_x2apic(CPU(1));
    msr_write(CPU(1), 0x830U, (7ULL << 32U) | 0x51U);
    msr_write(CPU(1), MSR_APIC_BASE, BASE_X2APIC);
    assert_true(msr_read(CPU(1), 0x830U) == ((7ULL << 32U) | 0x51U));
}

/* ---- x2APIC rules ---- */

/* REQ-INT-012 */
static void x2apic_has_exactly_its_readable_registers(void **state)
{
    (void)state;
    enter_x2apic(CPU(0));
    for (uint32_t reg = 0U; reg < 0x100U; reg++) {
        bool bitmap = (reg >= 0x10U) && (reg < 0x28U);
        bool lvt = (reg >= 0x32U) && (reg <= 0x39U); /* with TMICT and TMCCT */
        bool single = (reg == 0x02U) || (reg == 0x03U) || (reg == 0x08U) || (reg == 0x0AU) || (reg == 0x0DU) ||
                      (reg == 0x0FU) || (reg == 0x28U) || (reg == 0x30U) || (reg == 0x3EU);
        assert_int_equal(msr_read_faults(CPU(0), 0x800U + reg), !(bitmap || lvt || single));
    }
}

/* REQ-INT-012 */
static void x2apic_has_exactly_its_writable_registers(void **state)
{
    (void)state;
    enter_x2apic(CPU(0));
    for (uint32_t reg = 0U; reg < 0x100U; reg++) {
        bool lvt = (reg >= 0x32U) && (reg <= 0x38U); /* with TMICT */
        bool single = (reg == 0x08U) || (reg == 0x0BU) || (reg == 0x0FU) || (reg == 0x28U) || (reg == 0x30U) ||
                      (reg == 0x3EU) || (reg == 0x3FU);
        assert_int_equal(msr_write_faults(CPU(0), 0x800U + reg, 0U), !(lvt || single));
    }
}

/* REQ-INT-012 */
static void x2apic_reserved_bits_fault_and_change_nothing(void **state)
{
    static const struct { uint32_t msr; uint64_t known; } reg[] = {
        { 0x808U, 0xFFU }, { 0x80BU, 0U }, { 0x80FU, 0x3FFU }, { 0x828U, 0U }, { 0x832U, 0x750FFU },
        { 0x833U, 0x157FFU }, { 0x834U, 0x157FFU }, { 0x835U, 0x1F7FFU }, { 0x836U, 0x1F7FFU },
        { 0x837U, 0x150FFU }, { 0x838U, 0xFFFFFFFFU }, { 0x83EU, 0xBU }, { 0x83FU, 0xFFU },
        { 0x830U, 0xFFFFFFFF000CDFFFU },
    };
    (void)state;
    enter_x2apic(CPU(0));
    for (size_t i = 0U; i < sizeof(reg) / sizeof(reg[0]); i++) {
        for (uint32_t bit = 0U; bit < 64U; bit++) {
            bool known = ((reg[i].known >> bit) & 1U) != 0U;
            assert_int_equal(msr_write_faults(CPU(0), reg[i].msr, 1ULL << bit), !known);
        }
    }
    msr_write(CPU(0), 0x80FU, 0x3FFU);
    msr_write(CPU(0), 0x808U, 0xFFU);
    msr_write(CPU(0), 0x808U, 0x40U);
    assert_true(msr_write_faults(CPU(0), 0x808U, 0x150U));
    assert_int_equal(msr_read(CPU(0), 0x808U), 0x40U);
}

static void self_ipi_requests_its_vector(void **state)
{
    (void)state;
    enter_x2apic(CPU(1));
    msr_write(CPU(1), 0x83FU, 0x77U);
    assert_int_equal(vlapic_pending(CPU(1)), 0x77U);
    msr_write(CPU(1), 0x83FU, 0x07U);
    msr_write(CPU(1), 0x828U, 0U);
    assert_int_equal(msr_read(CPU(1), 0x828U), 0x40U);
}

static void other_msrs_are_refused(void **state)
{
    (void)state;
    enter_x2apic(CPU(0));
    assert_true(msr_read_faults(CPU(0), 0x7FFU));
    assert_true(msr_read_faults(CPU(0), 0x900U));
    assert_true(msr_write_faults(CPU(0), 0x7FFU, 0U));
    assert_true(msr_write_faults(CPU(0), 0x900U, 0U));
    assert_true(msr_write_faults(CPU(0), 0x1AU, 0U));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(apic_base_shows_the_boot_processor), T(modes_change_to_their_neighbours_only), T(the_page_cannot_be_moved),
        T(each_mode_answers_at_its_own_interface_only), T(disabling_loses_the_registers),
        T(init_keeps_the_mode_and_loses_the_rest), T(entering_x2apic_keeps_requests_and_derives_the_logical_id),
        T(x2apic_has_exactly_its_readable_registers), T(x2apic_has_exactly_its_writable_registers),
        T(x2apic_reserved_bits_fault_and_change_nothing), T(self_ipi_requests_its_vector), T(other_msrs_are_refused),
        T(writing_the_same_mode_again_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
