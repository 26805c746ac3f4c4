/* SPDX-License-Identifier: Apache-2.0 */
/* The policy for every intercept of the VMCB, as data; docs/exit-policy.md shows it beside VT-x's controls. */
#ifndef X86_SVM_INTERCEPT_H
#define X86_SVM_INTERCEPT_H

#include "core/types.h"
#include "x86/svm/vmcb.h"
#include "x86/want.h"

/* Intercept words (APM 2, B-1, offsets 000h to 014h); that of exceptions is x86/exception.h. */
enum svm_word { SVM_CR_READ, SVM_CR_WRITE, SVM_DR_READ, SVM_DR_WRITE, SVM_MISC1, SVM_MISC2, SVM_MISC3, SVM_WORDS };

struct svm_intercept {
    enum svm_word word;
    uint32_t first;       /* bits */
    uint32_t last;
    enum want shared;     /* vCPU on a shared core */
    enum want exclusive;
    const char *name;     /* what exits, as the APM has it */
    const char *why;      /* clause, and the reason where it is not plain */
};
#define SVM_INTERCEPT_COUNT 54U
extern const struct svm_intercept svm_intercepts[SVM_INTERCEPT_COUNT];

/* service: a vCPU of the Service VM. */
void svm_intercepts_set(struct vmcb *vmcb, bool exclusive, bool service);

#endif
