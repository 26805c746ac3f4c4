/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c devices/vlapic_timer.c devices/vlapic_ipi.c
   devices/vlapic_pv_eoi.c */
/* End of interrupt by a word in the guest's memory: offered when an EOI has nothing more to do, made up for at the next exit. */
#include "device_stubs.h"
#include "vlapic_helpers.h"

#include "abi/partition_table.h"
#include "core/stage2.h"
#include "devices/vioapic.h"
#include "devices/vpic.h"

#define WORD 0x5010U     /* the guest's address */
#define HPA  0x123010U
#define VECTOR 0x51U

static uint32_t level_eois;
static struct stage2_mapping page;
static uint32_t lookups;
static uint32_t word;

void vioapic_eoi(vm_id_t v, uint32_t vector) { (void)v; (void)vector; level_eois++; }
bool vpic_pending(vm_id_t v) { (void)v; return false; }
struct stage2_mapping stage2_lookup(vm_id_t v, gpa_t gpa)
{
    assert_int_equal(v, GUEST);
    assert_int_equal(gpa, WORD);
    lookups++;
    return page;
}
uint64_t hw_phys_read(hpa_t pa, uint32_t size)
{
    assert_int_equal(pa, HPA);
    assert_int_equal(size, 4U);
    return word;
}
void hw_phys_write(hpa_t pa, uint32_t size, uint64_t value)
{
    assert_int_equal(pa, HPA);
    assert_int_equal(size, 4U);
    word = (uint32_t)value;
}

static int setup(void **state)
{
    (void)state;
    stubs_reset();
    vms[GUEST].face = PART_FACE_KVM;
    vms[GUEST].generation = 7U;
    apics_start(GUEST);
    page = (struct stage2_mapping){ true, HPA, PAGE_SIZE, S2_READ | S2_WRITE };
    lookups = 0U;
    level_eois = 0U;
    word = 0U;
    assert_int_equal(vlapic_eoi_word_write(CPU(0), WORD | 1U), STATUS_OK);
    return 0;
}

static void in_service(uint32_t vector, bool level)
{
    vlapic_post(CPU(0), vector, level);
    assert_int_equal(take_interrupt(CPU(0)), vector);
}

static bool is_in_service(uint32_t vector)
{
    return ((apic_read(CPU(0), 0x100U + ((vector >> 5U) * 16U)) >> (vector & 31U)) & 1U) != 0U;
}

static bool offered(void)
{
    word = 0U;
    vlapic_eoi_offer(CPU(0));
    return word == 1U;
}

/* REQ-INT-031 */
static void an_eoi_in_memory_counts_at_the_next_exit(void **state)
{
    (void)state;
    in_service(VECTOR, false);
    assert_true(offered());
    word = 0U; /* the guest's handler */
    assert_true(is_in_service(VECTOR));
    vlapic_eoi_settle(CPU(0));
    assert_false(is_in_service(VECTOR));
    assert_int_equal(level_eois, 0U);
    word = 0U;
    vlapic_eoi_settle(CPU(0)); /* once */
    in_service(VECTOR, false);
    vlapic_eoi_settle(CPU(0));
    assert_true(is_in_service(VECTOR));
}

/* REQ-INT-031 */
static void an_exit_before_the_eoi_takes_the_offer_back(void **state)
{
    (void)state;
    in_service(VECTOR, false);
    assert_true(offered());
    vlapic_eoi_settle(CPU(0));
    assert_int_equal(word, 0U);
    assert_true(is_in_service(VECTOR));
    apic_write(CPU(0), 0xB0U, 0U); /* the handler finds the bit clear and writes the register */
    assert_false(is_in_service(VECTOR));
}

/* REQ-INT-031 */
static void nothing_is_offered_when_an_eoi_has_consequences(void **state)
{
    (void)state;
    assert_false(offered()); /* nothing in service */
    in_service(VECTOR, true);
    assert_false(offered()); /* the IOAPIC waits for it */
    apic_write(CPU(0), 0xB0U, 0U);
    in_service(VECTOR, false);
    vlapic_post(CPU(0), 0x52U, false);
    assert_false(offered()); /* one of its class waits */
    apic_write(CPU(0), 0xB0U, 0U);
    assert_int_equal(take_interrupt(CPU(0)), 0x52U);
    vcpus[CPU(0)].nmi_pending = true;
    assert_false(offered()); /* its window is asked for then */
    vcpus[CPU(0)].nmi_pending = false;
    apic_write(CPU(0), 0xB0U, 0U);
    vlapic_post(CPU(0), 0x52U, false);
    assert_int_equal(take_interrupt(CPU(0)), 0x52U);
    assert_true(offered());
    word = 1U;
    vlapic_eoi_settle(CPU(0));
    for (uint32_t vector = 0x60U; vector <= 0xF0U; vector += 0x10U) { /* nested, in the same word or another */
        in_service(vector, false);
        assert_false(offered());
        apic_write(CPU(0), 0xB0U, 0U);
    }
    in_service(0x72U, false); /* the same bit of two words, then of three */
    assert_false(offered());
    in_service(0x92U, false);
    assert_false(offered());
}

/* REQ-INT-031 */
static void only_ram_that_the_vm_may_write_is_written(void **state)
{
    (void)state;
    in_service(VECTOR, false);
    page.present = false;
    assert_false(offered());
    page.present = true;
    assert_false(offered()); /* known until the tables change */
    assert_int_equal(lookups, 1U);
    vms[GUEST].generation++;
    page.attr = S2_READ;
    assert_false(offered());
    vms[GUEST].generation++;
    page.attr = S2_READ | S2_WRITE | S2_UC;
    assert_false(offered());
    vms[GUEST].generation++;
    page.attr = S2_READ | S2_WRITE;
    assert_true(offered());
    assert_int_equal(lookups, 4U);
}

/* As vm_shootdown() does it, after the tables have changed and before the memory is somebody else's. */
static void take_page_away(void)
{
    page.present = false;
    vms[GUEST].generation++;
    vlapic_eoi_settle(CPU(0));
}

/* Found as a User VM that got no interrupt any more: an EOI in a page that the Service VM took away and gave back counted for
 * nothing, and so did one that answered an offer which was still in the page. */
/* REQ-INT-031 */
static void a_page_that_is_taken_away_and_given_back_leaves_nothing_in_service(void **state)
{
    (void)state;
    in_service(VECTOR, false);
    assert_true(offered());
    word = 0U; /* the guest's handler, just before the page goes */
    take_page_away();
    assert_false(is_in_service(VECTOR));
    in_service(VECTOR, false);
    assert_false(offered()); /* there is no page */
    vlapic_eoi_settle(CPU(0));
    assert_true(is_in_service(VECTOR));
    apic_write(CPU(0), 0xB0U, 0U);
    page.present = true; /* it is back, and used again */
    vms[GUEST].generation++;
    in_service(VECTOR, false);
    assert_true(offered());
    take_page_away();
    assert_int_equal(word, 0U); /* no offer is left for the guest to answer */
    assert_true(is_in_service(VECTOR));
    apic_write(CPU(0), 0xB0U, 0U);
    assert_false(is_in_service(VECTOR));
}

/* REQ-INT-031 */
static void a_page_that_is_gone_is_neither_read_nor_written(void **state)
{
    (void)state;
    in_service(VECTOR, false);
    assert_true(offered());
    take_page_away();
    word = 0x55U; /* somebody else's by now */
    vlapic_eoi_offer(CPU(0));
    vlapic_eoi_settle(CPU(0));
    assert_int_equal(word, 0x55U);
    assert_true(is_in_service(VECTOR));
}

/* REQ-INT-031 */
static void who_does_not_ask_gets_none(void **state)
{
    uint64_t value = 0U;
    (void)state;
    assert_int_equal(vlapic_eoi_word_read(CPU(0), &value), STATUS_OK);
    assert_int_equal(value, WORD | 1U);
    assert_int_not_equal(vlapic_eoi_word_write(CPU(0), WORD | 3U), STATUS_OK);
    assert_int_equal(vlapic_eoi_word_write(CPU(0), WORD), STATUS_OK);
    in_service(VECTOR, false);
    assert_false(offered());
    vlapic_eoi_settle(CPU(0));
    assert_true(is_in_service(VECTOR));
    assert_int_equal(vlapic_eoi_word_write(CPU(0), WORD | 1U), STATUS_OK);
    vlapic_init(CPU(0));
    apic_write(CPU(0), 0xF0U, 0x1FFU);
    in_service(VECTOR, false);
    assert_false(offered());
    vms[GUEST].face = PART_FACE_ACRN;
    assert_int_not_equal(vlapic_eoi_word_write(CPU(0), WORD | 1U), STATUS_OK);
    assert_int_not_equal(vlapic_eoi_word_read(CPU(0), &value), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_eoi_in_memory_counts_at_the_next_exit, setup),
        cmocka_unit_test_setup(an_exit_before_the_eoi_takes_the_offer_back, setup),
        cmocka_unit_test_setup(nothing_is_offered_when_an_eoi_has_consequences, setup),
        cmocka_unit_test_setup(only_ram_that_the_vm_may_write_is_written, setup),
        cmocka_unit_test_setup(a_page_that_is_taken_away_and_given_back_leaves_nothing_in_service, setup),
        cmocka_unit_test_setup(a_page_that_is_gone_is_neither_read_nor_written, setup),
        cmocka_unit_test_setup(who_does_not_ask_gets_none, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
