/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the User VM's ACPI that is code. Numbers are those of machine.h. */
DefinitionBlock ("", "DSDT", 2, "BULKHD", "BHDM", 1)
{
    Name (\_S5, Package () { 5, 0, 0, 0 })      /* MACHINE_SLEEP_S5 */

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_BBN, 0)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0, 0, 1)
                IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0x0000, 0x0CF7, 0, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0x0D00, 0xFFFF, 0, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                             0, 0xC0000000, 0xDFFFFFFF, 0, 0x20000000)
            })
            /* Slot s, INTA: link s % 4, as pci.c wires it. */
            Name (_PRT, Package ()
            {
                Package () { 0x0001FFFF, 0, LNKB, 0 }, Package () { 0x0002FFFF, 0, LNKC, 0 },
                Package () { 0x0003FFFF, 0, LNKD, 0 }, Package () { 0x0004FFFF, 0, LNKA, 0 },
                Package () { 0x0005FFFF, 0, LNKB, 0 }, Package () { 0x0006FFFF, 0, LNKC, 0 },
                Package () { 0x0007FFFF, 0, LNKD, 0 }, Package () { 0x0008FFFF, 0, LNKA, 0 },
                Package () { 0x0009FFFF, 0, LNKB, 0 }, Package () { 0x000AFFFF, 0, LNKC, 0 },
                Package () { 0x000BFFFF, 0, LNKD, 0 }, Package () { 0x000CFFFF, 0, LNKA, 0 },
                Package () { 0x000DFFFF, 0, LNKB, 0 }, Package () { 0x000EFFFF, 0, LNKC, 0 },
                Package () { 0x000FFFFF, 0, LNKD, 0 }
            })
        }

        /* Fixed links say "active high", which a bare _PRT entry cannot. */
        Device (LNKA)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 16 } })
            Method (_CRS, 0, NotSerialized) { Return (_PRS) }
            Method (_SRS, 1, NotSerialized) { }
        }
        Device (LNKB)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 1)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 17 } })
            Method (_CRS, 0, NotSerialized) { Return (_PRS) }
            Method (_SRS, 1, NotSerialized) { }
        }
        Device (LNKC)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 2)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 18 } })
            Method (_CRS, 0, NotSerialized) { Return (_PRS) }
            Method (_SRS, 1, NotSerialized) { }
        }
        Device (LNKD)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 3)
            Name (_PRS, ResourceTemplate () { Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 19 } })
            Method (_CRS, 0, NotSerialized) { Return (_PRS) }
            Method (_SRS, 1, NotSerialized) { }
        }

        Device (RTC0)
        {
            Name (_HID, EisaId ("PNP0B00"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0070, 0x0070, 1, 2)
                IRQNoFlags () { 8 }
            })
        }

        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, 1)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x03F8, 0x03F8, 1, 8)
                IRQNoFlags () { 4 }
            })
        }

        /* What Linux must find reserved before it believes the MCFG, and the fixed ACPI ports. */
        Device (MBRD)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xE0000000, 0x00100000)
                IO (Decode16, 0x0600, 0x0600, 1, 0x0C)
            })
        }
    }
}
