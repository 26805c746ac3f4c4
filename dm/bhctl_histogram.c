// SPDX-License-Identifier: Apache-2.0
/*
 * A latency histogram for the terminal. Both axes are logarithmic: each row covers the same factor of latency, and a
 * bar grows by the same length for each factor of samples, so that one late sample in a million is still a bar.
 */
#include <math.h>
#include <string.h>

#include "bhctl.h"

#define ROWS 12U
#define BAR  50.0 /* characters of the fullest row */

struct rows {
    uint32_t count;
    uint64_t from[ROWS + 1U]; /* ticks; row i covers from[i] up to from[i + 1] - 1 */
    uint64_t samples[ROWS];
};

/* Rows narrower than a tick fall together. */
static void make_rows(struct rows *rows, uint64_t least, uint64_t most)
{
    double first = least != 0U ? (double)least : 1.0;
    double factor = ((double)most + 1.0) / first;

    rows->from[0] = least;
    for (uint32_t i = 1U; i <= ROWS; i++) {
        uint64_t edge = i == ROWS ? most + 1U : (uint64_t)ceil(first * pow(factor, (double)i / (double)ROWS));
        if (edge > rows->from[rows->count] && edge <= most + 1U) {
            rows->count++;
            rows->from[rows->count] = edge;
        }
    }
}

static void fill_rows(struct rows *rows, const uint32_t *histogram)
{
    uint32_t row = 0U;

    for (uint32_t bucket = 0U; bucket < RT_BUCKETS; bucket++) {
        while (row + 1U < rows->count && rt_bucket_value(bucket) >= rows->from[row + 1U]) {
            row++;
        }
        rows->samples[row] += histogram[bucket];
    }
}

static void print_row(FILE *out, const struct rows *rows, uint32_t row, uint64_t fullest, uint64_t hz)
{
    uint64_t samples = rows->samples[row];
    uint32_t length = samples == 0U ? 0U : (uint32_t)((BAR * log10(1.0 + (double)samples)) / log10(1.0 + (double)fullest));

    fprintf(out, "  %12llu %12.3f |", (unsigned long long)rows->from[row],
            hz == 0U ? 0.0 : ((double)rows->from[row] * 1e6) / (double)hz);
    for (uint32_t i = 0U; i < length || (i == 0U && samples != 0U); i++) {
        fputc('#', out);
    }
    if (samples != 0U) {
        fprintf(out, " %llu", (unsigned long long)samples);
    }
    fputc('\n', out);
}

void print_histogram(FILE *out, const uint32_t *histogram, uint64_t hz)
{
    struct rows rows = { .count = 0U };
    uint32_t first = 0U;
    uint32_t last = RT_BUCKETS;
    uint64_t fullest = 0U;

    while (first < RT_BUCKETS && histogram[first] == 0U) {
        first++;
    }
    while (last > first && histogram[last - 1U] == 0U) {
        last--;
    }
    if (first >= last) {
        return; /* no sample */
    }
    make_rows(&rows, rt_bucket_value(first), rt_bucket_value(last - 1U));
    fill_rows(&rows, histogram);
    for (uint32_t row = 0U; row < rows.count; row++) {
        fullest = rows.samples[row] > fullest ? rows.samples[row] : fullest;
    }
    fprintf(out, "  %12s %12s  %s\n", "from ticks", "from us", "samples, on a logarithmic scale");
    for (uint32_t row = 0U; row < rows.count; row++) {
        print_row(out, &rows, row, fullest, hz);
    }
}
