/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of the virtual-machine control structure that are used (Intel SDM 3, appendix B, table by table). */
#ifndef X86_VMX_VMCS_H
#define X86_VMX_VMCS_H

/* 16-bit control (B-1), host (B-3); the guest's selectors (B-2) follow VMCS_GUEST_SELECTOR. */
#define VMCS_VPID               0x0000U
#define VMCS_GUEST_SELECTOR     0x0800U /* ES; CS SS DS FS GS LDTR TR each 2 further */
#define VMCS_GUEST_INTERRUPTS   0x0810U /* RVI, SVI */
#define VMCS_HOST_ES            0x0C00U
#define VMCS_HOST_CS            0x0C02U
#define VMCS_HOST_SS            0x0C04U
#define VMCS_HOST_DS            0x0C06U
#define VMCS_HOST_FS            0x0C08U
#define VMCS_HOST_GS            0x0C0AU
#define VMCS_HOST_TR            0x0C0CU

/* 64-bit control (B-4), read-only (B-5), guest (B-6), host (B-7). */
#define VMCS_IO_BITMAP_A        0x2000U
#define VMCS_IO_BITMAP_B        0x2002U
#define VMCS_MSR_BITMAP         0x2004U
#define VMCS_APIC_PAGE          0x2012U
#define VMCS_EPT_POINTER        0x201AU
#define VMCS_EOI_EXITING        0x201CU /* vectors 0 to 63; the others each 2 further */
#define VMCS_ENCLS_EXITING      0x202EU
#define VMCS_GUEST_PHYSICAL     0x2400U
#define VMCS_LINK_POINTER       0x2800U
#define VMCS_GUEST_DEBUGCTL     0x2802U
#define VMCS_GUEST_PAT          0x2804U
#define VMCS_GUEST_EFER         0x2806U
#define VMCS_GUEST_PDPTE0       0x280AU /* PDPTE1 to 3: each 2 further */
#define VMCS_HOST_PAT           0x2C00U
#define VMCS_HOST_EFER          0x2C02U

/* 32-bit control (B-8), read-only (B-9), guest (B-10), host (B-11). */
#define VMCS_PIN_CONTROLS       0x4000U
#define VMCS_PRIMARY_CONTROLS   0x4002U
#define VMCS_EXCEPTION_BITMAP   0x4004U
#define VMCS_PF_ERROR_MASK      0x4006U
#define VMCS_PF_ERROR_MATCH     0x4008U
#define VMCS_CR3_TARGET_COUNT   0x400AU
#define VMCS_EXIT_CONTROLS      0x400CU
#define VMCS_EXIT_STORE_COUNT   0x400EU
#define VMCS_EXIT_LOAD_COUNT    0x4010U
#define VMCS_ENTRY_CONTROLS     0x4012U
#define VMCS_ENTRY_LOAD_COUNT   0x4014U
#define VMCS_ENTRY_EVENT        0x4016U
#define VMCS_ENTRY_ERROR        0x4018U
#define VMCS_TPR_THRESHOLD      0x401CU
#define VMCS_SECONDARY_CONTROLS 0x401EU
#define VMCS_INSTRUCTION_ERROR  0x4400U
#define VMCS_EXIT_REASON        0x4402U
#define VMCS_EXIT_EVENT         0x4404U
#define VMCS_EXIT_EVENT_ERROR   0x4406U
#define VMCS_VECTORING          0x4408U
#define VMCS_VECTORING_ERROR    0x440AU
#define VMCS_INSTRUCTION_LENGTH 0x440CU
#define VMCS_INSTRUCTION_INFO   0x440EU
#define VMCS_GUEST_LIMIT        0x4800U /* ES .. TR as the selectors, then GDTR, IDTR */
#define VMCS_GUEST_ACCESS       0x4814U /* ES .. TR */
#define VMCS_GUEST_SHADOW       0x4824U /* interruptibility state */
#define VMCS_GUEST_ACTIVITY     0x4826U
#define VMCS_GUEST_SYSENTER_CS  0x482AU
#define VMCS_PREEMPTION_TIMER   0x482EU
#define VMCS_HOST_SYSENTER_CS   0x4C00U

/* Natural width: control (B-12), read-only (B-13), guest (B-14), host (B-15). */
#define VMCS_CR0_MASK           0x6000U
#define VMCS_CR4_MASK           0x6002U
#define VMCS_CR0_SHADOW         0x6004U
#define VMCS_CR4_SHADOW         0x6006U
#define VMCS_QUALIFICATION      0x6400U
#define VMCS_GUEST_CR0          0x6800U
#define VMCS_GUEST_CR3          0x6802U
#define VMCS_GUEST_CR4          0x6804U
#define VMCS_GUEST_BASE         0x6806U /* ES .. TR, then GDTR, IDTR */
#define VMCS_GUEST_DR7          0x681AU
#define VMCS_GUEST_RSP          0x681CU
#define VMCS_GUEST_RIP          0x681EU
#define VMCS_GUEST_RFLAGS       0x6820U
#define VMCS_GUEST_PENDING_DEBUG 0x6822U
#define VMCS_GUEST_SYSENTER_ESP 0x6824U
#define VMCS_GUEST_SYSENTER_EIP 0x6826U
#define VMCS_HOST_CR0           0x6C00U
#define VMCS_HOST_CR3           0x6C02U
#define VMCS_HOST_CR4           0x6C04U
#define VMCS_HOST_FS_BASE       0x6C06U
#define VMCS_HOST_GS_BASE       0x6C08U
#define VMCS_HOST_TR_BASE       0x6C0AU
#define VMCS_HOST_GDTR_BASE     0x6C0CU
#define VMCS_HOST_IDTR_BASE     0x6C0EU
#define VMCS_HOST_SYSENTER_ESP  0x6C10U
#define VMCS_HOST_SYSENTER_EIP  0x6C12U
#define VMCS_HOST_RIP           0x6C16U /* HOST_RSP: enter.S writes it, see x86/layout.h */

/* Interruption information: what goes in (24.8.3), what came out (24.9.2), what was cut short (24.9.3). */
#define VMX_EVENT_TYPE_SHIFT    8U
#define VMX_EVENT_TYPE_MASK     7U
#define VMX_EVENT_INTERRUPT     0U
#define VMX_EVENT_NMI           2U
#define VMX_EVENT_EXCEPTION     3U
#define VMX_EVENT_INT1          5U      /* privileged software exception */
#define VMX_EVENT_HAS_ERROR     0x800U
#define VMX_EVENT_NMI_UNBLOCKED 0x1000U /* exits only: an IRET had opened NMIs (27.2.2) */
#define VMX_EVENT_VALID         0x80000000U

/* Interruptibility state (24.4.2). */
#define VMX_SHADOW_STI          0x1U
#define VMX_SHADOW_MOV_SS       0x2U
#define VMX_SHADOW_NMI          0x8U

#define VMX_PENDING_BS          0x4000U /* pending debug exceptions (24.4.2): a single step */

/* Exit reasons (appendix C); bit 31: the entry failed. */
#define VMX_ENTRY_FAILED        0x80000000U
#define VMX_EXIT_EVENT          0U
#define VMX_EXIT_INTERRUPT      1U
#define VMX_EXIT_TRIPLE_FAULT   2U
#define VMX_EXIT_INIT           3U
#define VMX_EXIT_WINDOW         7U
#define VMX_EXIT_NMI_WINDOW     8U
#define VMX_EXIT_TASK_SWITCH    9U
#define VMX_EXIT_CPUID          10U
#define VMX_EXIT_GETSEC         11U
#define VMX_EXIT_HLT            12U
#define VMX_EXIT_INVD           13U
#define VMX_EXIT_RDPMC          15U
#define VMX_EXIT_VMCALL         18U
#define VMX_EXIT_VMCLEAR        19U
#define VMX_EXIT_VMXON          27U
#define VMX_EXIT_CR             28U
#define VMX_EXIT_IO             30U
#define VMX_EXIT_RDMSR          31U
#define VMX_EXIT_WRMSR          32U
#define VMX_EXIT_GUEST_STATE    33U
#define VMX_EXIT_MSR_LOADING    34U
#define VMX_EXIT_MWAIT          36U
#define VMX_EXIT_MONITOR        39U
#define VMX_EXIT_ENTRY_MC       41U
#define VMX_EXIT_EOI            45U
#define VMX_EXIT_EPT_VIOLATION  48U
#define VMX_EXIT_EPT_MISCONFIG  49U
#define VMX_EXIT_INVEPT         50U
#define VMX_EXIT_TIMER          52U
#define VMX_EXIT_INVVPID        53U
#define VMX_EXIT_WBINVD         54U
#define VMX_EXIT_XSETBV         55U
#define VMX_EXIT_APIC_WRITE     56U
#define VMX_EXIT_VMFUNC         59U
#define VMX_EXIT_ENCLS          60U

/* Exit qualification of I/O (table 27-5), control registers (27-3), EPT violations (27-7). */
#define VMX_IO_IN               0x8U
#define VMX_IO_STRING           0x10U
#define VMX_IO_REPEAT           0x20U
#define VMX_CR_MOV_TO           0U
#define VMX_CR_MOV_FROM         1U
#define VMX_EPT_WRITE           0x2U
#define VMX_EPT_FETCH           0x4U
#define VMX_EPT_LINEAR          0x80U   /* the next bit means something */
#define VMX_EPT_TRANSLATED      0x100U  /* else: the guest's own page-table walk */
#define VMX_EPT_NMI_UNBLOCKED   0x1000U

#endif
