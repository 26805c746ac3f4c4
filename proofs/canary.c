/* SPDX-License-Identifier: Apache-2.0 */
/* If the annotations of a unit contradict each other, everything can be proved, this too: the driver
 * adds this file to each unit and fails when the lemma comes out valid. */
/*@ check lemma canary: \false; */
