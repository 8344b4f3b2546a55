//! The AArch32 registers as gdb knows them.

use armlet_cpu::a64::State;
use gdbstub::arch::{Arch, Registers};

use super::registers::{Bank, Isa, take};

/// The architecture for gdbstub. (Its addresses are as wide as AArch64's, which gdb does not notice.)
#[derive(Debug)]
pub enum A32 {}

impl Arch for A32 {
    type Usize = u64;
    type Registers = Regs;
    /// 2 and 3: a 16-bit and a 32-bit instruction of T32; 4: one of A32.
    type BreakpointKind = usize;
    type RegId = ();

    fn target_description_xml() -> Option<&'static str> {
        Some(DESCRIPTION)
    }
}

impl Isa for A32 {
    type Bank = Regs;
}

/// All registers of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regs {
    r: [u32; 15],
    pc: u32,
    cpsr: u32,
    d: [u64; 32],
    fpscr: u32,
    /// The D registers again, in pairs.
    q: [u128; 16],
    tpidruro: u32,
}

impl Bank for Regs {
    fn of(cpu: &State) -> Regs {
        let mut regs = Regs {
            pc: cpu.pc as u32,
            cpsr: cpu.cpsr(),
            fpscr: cpu.fpscr(),
            tpidruro: cpu.tpidr as u32,
            ..Regs::default()
        };
        (0..15).for_each(|n| regs.r[usize::from(n)] = cpu.r(n));
        (0..32).for_each(|n| regs.d[usize::from(n)] = cpu.d(n));
        (0..16).for_each(|n| regs.q[usize::from(n)] = cpu.v(n));
        regs
    }

    fn store(&self, cpu: &mut State) {
        (0..15).for_each(|n| cpu.set_r(n, self.r[usize::from(n)]));
        for (n, (pair, &whole)) in (0..).zip(self.d.chunks_exact(2).zip(&self.q)) {
            let halves = u128::from(pair[0]) | u128::from(pair[1]) << 64;
            // gdb has changed the one or the other.
            let changed = if halves == cpu.v(n) { whole } else { halves };
            cpu.set_v(n, changed);
        }
        cpu.set_cpsr(self.cpsr);
        // Bit 0 of an address that is written says Thumb, as it does in a branch.
        cpu.a32.thumb |= self.pc & 1 != 0;
        cpu.pc = u64::from(self.pc & if cpu.a32.thumb { !1 } else { !3 });
        cpu.set_fpscr(self.fpscr);
        cpu.tpidr = self.tpidruro.into();
    }
}

impl Registers for Regs {
    type ProgramCounter = u64;

    fn pc(&self) -> u64 {
        self.pc.into()
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        let mut bytes = |bytes: &[u8]| bytes.iter().for_each(|&byte| write_byte(Some(byte)));
        self.r.iter().for_each(|r| bytes(&r.to_le_bytes()));
        bytes(&self.pc.to_le_bytes());
        bytes(&self.cpsr.to_le_bytes());
        self.d.iter().for_each(|d| bytes(&d.to_le_bytes()));
        bytes(&self.fpscr.to_le_bytes());
        self.q.iter().for_each(|q| bytes(&q.to_le_bytes()));
        bytes(&self.tpidruro.to_le_bytes());
    }

    fn gdb_deserialize(&mut self, mut bytes: &[u8]) -> Result<(), ()> {
        let bytes = &mut bytes;
        for r in &mut self.r {
            *r = u32::from_le_bytes(take(bytes)?);
        }
        self.pc = u32::from_le_bytes(take(bytes)?);
        self.cpsr = u32::from_le_bytes(take(bytes)?);
        for d in &mut self.d {
            *d = u64::from_le_bytes(take(bytes)?);
        }
        self.fpscr = u32::from_le_bytes(take(bytes)?);
        for q in &mut self.q {
            *q = u128::from_le_bytes(take(bytes)?);
        }
        self.tpidruro = u32::from_le_bytes(take(bytes)?);
        Ok(())
    }
}

/// The target description: gdb's standard features of Arm. gdb makes S registers of the D registers by itself.
const DESCRIPTION: &str = concat!(
    r#"<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">"#,
    "<architecture>arm</architecture><osabi>GNU/Linux</osabi>",
    r#"<feature name="org.gnu.gdb.arm.core">"#,
    include_str!("core_a32.xml"),
    r#"</feature><feature name="org.gnu.gdb.arm.vfp">"#,
    include_str!("vfp_a32.xml"),
    r#"</feature><feature name="org.gnu.gdb.arm.neon">"#,
    include_str!("neon_a32.xml"),
    r#"</feature><feature name="org.gnu.gdb.arm.tls"><reg name="tpidruro" bitsize="32" type="data_ptr"/></feature></target>"#,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_come_back_as_they_were() {
        let mut cpu = State::default();
        (0..15).for_each(|n| cpu.set_r(n, 0x0101_0101 * u32::from(n)));
        (0..32).for_each(|n| cpu.set_d(n, u64::MAX - u64::from(n)));
        (cpu.pc, cpu.tpidr, cpu.a32.thumb) = (0x4002, 0x9000, true);
        cpu.set_apsr(0xa80f_0000);
        let regs = Regs::of(&cpu);
        let mut bytes = Vec::new();
        regs.gdb_serialize(|byte| bytes.extend(byte));
        assert_eq!(bytes.len(), 17 * 4 + 32 * 8 + 16 * 16 + 8);
        let mut read = Regs::default();
        assert_eq!(read.gdb_deserialize(&bytes), Ok(()));
        assert_eq!(read, regs);
        let mut other = State::default();
        read.store(&mut other);
        assert_eq!(Regs::of(&other), regs);
        assert!(regs.clone().gdb_deserialize(&bytes[1..]).is_err());
        // A whole register.
        read.q[3] = 5;
        read.store(&mut other);
        assert_eq!((other.d(6), other.d(7)), (5, 0));
        // A program counter with the Thumb bit.
        read.cpsr &= !0x20;
        read.pc = 0x5001;
        read.store(&mut other);
        assert_eq!((other.pc, other.a32.thumb), (0x5000, true));
    }

    #[test]
    fn the_description_has_as_many_registers() {
        assert_eq!(DESCRIPTION.matches("<reg ").count(), 17 + 33 + 16 + 1);
    }
}
