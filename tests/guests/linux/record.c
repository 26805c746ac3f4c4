/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record whole|short CONDITION BUILD: in the Service VM of a stick that ./bulkhead bench --image made, the record (rtvm/record.h) of what the
 * real-time VM has measured until now, on standard output.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dm/bhctl.h"
#include "rtvm/record.h"

static struct rt_telemetry snapshot;
static struct hv_stats stats;

void record_char(char c) { (void)putchar(c); }

/* What bhctl's loops would call; none of them runs here. */
bool bhctl_wait(unsigned long delay_ms) { return delay_ms == 0UL; }

/* Samples are still taken: the histogram first, so that no latency in it is beyond the longest in the head. */
static bool telemetry_read(const struct bhctl_options *options)
{
    struct bhctl_region region;
    const bool good = region_open_telemetry(options, &region);
    if (good) {
        memcpy(&snapshot, region.memory, sizeof(snapshot));
        memcpy(&snapshot, region.memory, offsetof(struct rt_telemetry, ring));
        region_close(&region);
    }
    return good;
}

static bool exits_read(const struct bhctl_options *options, struct record *record)
{
    struct rt_report report;
    struct bhctl_region region;
    bool good = region_open(options, "stats", sizeof(struct hv_stats), &region);
    if (good) {
        good = stats_read(&region, &stats);
        rt_report_make(&report, &snapshot, &stats, NULL);
        good = good && report.exits_known;
        record->exits_steady = report.exits;
        record->exits_total = report.exits_total;
        for (uint32_t v = 0U; v < HV_STATS_VMS; v++) {
            if (report.vm_known && (memcmp(stats.vm[v].name, report.vm_name, sizeof(report.vm_name)) == 0)) {
                record->boot_ticks = stats.vm[v].start_tsc - stats.boot_tsc;
            }
        }
        region_close(&region);
    }
    return good;
}

/* What the firmware says of the board; parts that it does not say are left out. */
static void machine_read(char *text, size_t size)
{
    static const char *const names[] = { "sys_vendor", "product_name", "board_name", "bios_version" };
    text[0] = '\0';
    for (size_t i = 0U; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[64];
        char line[64] = "";
        FILE *file;
        (void)snprintf(path, sizeof(path), "/sys/class/dmi/id/%s", names[i]);
        file = fopen(path, "r");
        if (file != NULL) {
            if ((fgets(line, sizeof(line), file) != NULL) && (line[0] != '\n')) {
                line[strcspn(line, "/\n")] = '\0';
                (void)snprintf(&text[strlen(text)], size - strlen(text), "%s%s", (text[0] == '\0') ? "" : "/", line);
            }
            (void)fclose(file);
        }
    }
}

int main(int count, char **words)
{
    static const struct bhctl_options options;
    char date[32] = "";
    char machine[256];
    struct record record = { .date = date, .machine = machine, .rt = &snapshot, .on_hypervisor = true };
    const time_t now = time(NULL);
    struct tm parts;
    bool good = count == 4;
    if (good) {
        record.condition = words[2];
        record.build = words[3];
        machine_read(machine, sizeof(machine));
        if (gmtime_r(&now, &parts) != NULL) {
            (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M", &parts);
        }
        good = telemetry_read(&options) && exits_read(&options, &record);
    }
    if (good) {
        record_print(&record, strcmp(words[1], "whole") == 0);
    }
    return good ? 0 : 1;
}
