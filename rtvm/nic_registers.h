/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of Intel's 82574 and 82576, by the names of their datasheets ("Driver Programming Interface" and "Programming Interface"), as
 * far as nic.c uses them. */
#ifndef RTVM_NIC_REGISTERS_H
#define RTVM_NIC_REGISTERS_H

#define NIC_ID_82574 0x10D38086U
#define NIC_ID_82576 0x10C98086U

#define REG_CTRL          0x0000U
#define CTRL_DUPLEX       0x1U
#define CTRL_MASTER_OFF   0x4U        /* GIO master disable */
#define CTRL_LINK         0x40U       /* set link up */
#define CTRL_SPEED        0x300U
#define CTRL_SPEED_1000   0x200U
#define CTRL_FORCE_SPEED  0x800U
#define CTRL_FORCE_DUPLEX 0x1000U
#define CTRL_RESET        0x4000000U
#define REG_STATUS        0x0008U
#define STATUS_LINK       0x2U
#define STATUS_MASTER     0x80000U    /* requests of the master are enabled */
#define REG_EECD          0x0010U
#define EECD_LOADED       0x200U      /* AUTO_RD: the NVM has been read after the reset */
#define REG_CTRL_EXT      0x0018U
#define CTRL_EXT_PENDING  0x80000000U /* 82574, PBA support: what MSI-X needs */
#define REG_MDIC          0x0020U
#define MDIC_REGISTER     16U
#define MDIC_PHY          0x200000U   /* PHY 1 */
#define MDIC_WRITE        0x4000000U
#define MDIC_READY        0x10000000U
#define MDIC_ERROR        0x40000000U
#define PHY_CONTROL       0U
#define PHY_LOOP_1000     0x4140U     /* IEEE 802.3, 22.2.4.1: loopback, 1 Gbit/s, full duplex, no negotiation */
#define PHY_NEGOTIATE     0x1340U     /* likewise: negotiation on, and anew */
#define REG_ICR           0x00C0U
#define REG_IMS           0x00D0U
#define REG_IMC           0x00D8U
#define ICR_RECEIVE_TIMER 0x80U
#define ICR_RECEIVE_QUEUE 0x100000U   /* 82574 with MSI-X: receive queue 0 */
#define REG_AUTO_CLEAR    0x00DCU     /* 82574, EIAC */
#define REG_IVAR          0x00E4U     /* 82574 */
#define IVAR_RECEIVE_0    0x8U        /* receive queue 0: vector 0, valid */
#define REG_RCTL          0x0100U
#define RCTL_ENABLE       0x2U
#define RCTL_LOOP         0x40U       /* MAC loopback */
#define RCTL_BROADCAST    0x8000U
#define RCTL_STRIP        0x4000000U  /* the checksum does not come to memory */
#define REG_TCTL          0x0400U
#define TCTL_ENABLE       0x2U
#define TCTL_PAD          0x8U
#define TCTL_COLLISIONS   0x3F0F0U    /* threshold 15; distance 63, full duplex */
#define REG_TIPG          0x0410U
#define TIPG_COPPER       0x602008U
#define REG_GPIE          0x1514U     /* the next four: 82576 */
#define GPIE_MSIX         0xC0000010U /* several messages, masks set and pending bits cleared by themselves */
#define REG_EIMS          0x1524U
#define REG_EIAC          0x152CU
#define REG_EIAM          0x1530U
#define EICR_VECTOR_0     0x1U
#define REG_IVAR0         0x1700U
#define IVAR0_RECEIVE_0   0x80U       /* likewise */
#define REG_RECEIVE       0x2800U     /* registers of a ring, the 82576's by their old addresses */
#define REG_SRRCTL        0x280CU     /* 82576 */
#define SRRCTL_ADVANCED   0x2000002U  /* one buffer of 2 KiB */
#define REG_SEND          0x3800U
#define RING_ADDRESS      0x00U
#define RING_ADDRESS_HIGH 0x04U
#define RING_BYTES        0x08U
#define RING_HEAD         0x10U
#define RING_TAIL         0x18U
#define RING_CONTROL      0x28U
#define RING_ENABLE       0x2000000U  /* 82576 */
#define REG_ADDRESS       0x5400U     /* and the next */

#endif
