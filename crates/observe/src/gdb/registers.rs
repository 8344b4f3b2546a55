//! The AArch64 registers as gdb knows them: the target description, and the order in which they are sent.

use armlet_cpu::a64::{Flags, State};
use gdbstub::arch::{Arch, Registers};

/// The registers of a thread, in the form in which gdb gets them.
pub trait Bank: Registers<ProgramCounter = u64> + Default {
    /// Those of a thread.
    fn of(cpu: &State) -> Self;

    /// Gives them to a thread. Bits that cannot be written stay out.
    fn store(&self, cpu: &mut State);
}

/// An architecture as this debugger needs it.
pub trait Isa: Arch<Usize = u64, BreakpointKind = usize, Registers = Self::Bank> + 'static {
    /// Its registers.
    type Bank: Bank;
}

/// The architecture for gdbstub.
#[derive(Debug)]
pub enum A64 {}

impl Arch for A64 {
    type Usize = u64;
    type Registers = Regs;
    type BreakpointKind = usize;
    type RegId = ();

    fn target_description_xml() -> Option<&'static str> {
        Some(DESCRIPTION)
    }
}

impl Isa for A64 {
    type Bank = Regs;
}

/// All registers of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regs {
    x: [u64; 31],
    sp: u64,
    pc: u64,
    cpsr: u32,
    v: [u128; 32],
    fpsr: u32,
    fpcr: u32,
    tpidr: u64,
}

impl Bank for Regs {
    fn of(cpu: &State) -> Regs {
        let mut regs = Regs {
            sp: cpu.sp(),
            pc: cpu.pc,
            cpsr: cpu.flags.to_bits(),
            fpsr: cpu.fpsr,
            fpcr: cpu.fpcr,
            tpidr: cpu.tpidr,
            ..Regs::default()
        };
        (0..31).for_each(|n| regs.x[usize::from(n)] = cpu.x(n));
        (0..32).for_each(|n| regs.v[usize::from(n)] = cpu.v(n));
        regs
    }

    fn store(&self, cpu: &mut State) {
        (0..31).for_each(|n| cpu.set_x(n, self.x[usize::from(n)]));
        (0..32).for_each(|n| cpu.set_v(n, self.v[usize::from(n)]));
        cpu.set_sp(self.sp);
        cpu.pc = self.pc;
        cpu.flags = Flags::from_bits(self.cpsr);
        cpu.fpcr = self.fpcr & 0x07f7_9f00;
        cpu.fpsr = self.fpsr & 0x0800_009f;
        cpu.tpidr = self.tpidr;
    }
}

impl Registers for Regs {
    type ProgramCounter = u64;

    fn pc(&self) -> u64 {
        self.pc
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        let mut bytes = |bytes: &[u8]| bytes.iter().for_each(|&byte| write_byte(Some(byte)));
        self.x.iter().for_each(|x| bytes(&x.to_le_bytes()));
        bytes(&self.sp.to_le_bytes());
        bytes(&self.pc.to_le_bytes());
        bytes(&self.cpsr.to_le_bytes());
        self.v.iter().for_each(|v| bytes(&v.to_le_bytes()));
        bytes(&self.fpsr.to_le_bytes());
        bytes(&self.fpcr.to_le_bytes());
        bytes(&self.tpidr.to_le_bytes());
    }

    fn gdb_deserialize(&mut self, mut bytes: &[u8]) -> Result<(), ()> {
        let bytes = &mut bytes;
        for x in &mut self.x {
            *x = u64::from_le_bytes(take(bytes)?);
        }
        self.sp = u64::from_le_bytes(take(bytes)?);
        self.pc = u64::from_le_bytes(take(bytes)?);
        self.cpsr = u32::from_le_bytes(take(bytes)?);
        for v in &mut self.v {
            *v = u128::from_le_bytes(take(bytes)?);
        }
        self.fpsr = u32::from_le_bytes(take(bytes)?);
        self.fpcr = u32::from_le_bytes(take(bytes)?);
        self.tpidr = u64::from_le_bytes(take(bytes)?);
        Ok(())
    }
}

/// The next bytes of what gdb has written.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ()> {
    let (first, rest) = bytes.split_first_chunk::<N>().ok_or(())?;
    *bytes = rest;
    Ok(*first)
}

/// The target description: gdb's standard features of AArch64.
const DESCRIPTION: &str = concat!(
    r#"<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">"#,
    "<architecture>aarch64</architecture><osabi>GNU/Linux</osabi>",
    r#"<feature name="org.gnu.gdb.aarch64.core">"#,
    include_str!("core.xml"),
    r#"</feature><feature name="org.gnu.gdb.aarch64.fpu">"#,
    include_str!("fpu.xml"),
    r#"</feature><feature name="org.gnu.gdb.aarch64.tls"><reg name="tpidr" bitsize="64" type="data_ptr"/></feature></target>"#,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_come_back_as_they_were() {
        let mut cpu = State::default();
        (0..31).for_each(|n| cpu.set_x(n, 0x0101_0101 * u64::from(n)));
        (0..32).for_each(|n| cpu.set_v(n, u128::MAX - u128::from(n)));
        cpu.set_sp(0x7000);
        (cpu.pc, cpu.tpidr, cpu.fpsr) = (0x4000, 0x9000, 0x1f);
        cpu.flags = Flags::from_bits(0xa000_0000);
        let regs = Regs::of(&cpu);
        let mut bytes = Vec::new();
        regs.gdb_serialize(|byte| bytes.extend(byte));
        // X0 to SP, PC, CPSR, V, FPSR, FPCR, TPIDR.
        assert_eq!(bytes.len(), 33 * 8 + 4 + 32 * 16 + 8 + 8);
        let mut read = Regs::default();
        assert_eq!(read.gdb_deserialize(&bytes), Ok(()));
        assert_eq!(read, regs);
        let mut other = State::default();
        read.store(&mut other);
        assert_eq!(Regs::of(&other), regs);
        assert!(read.gdb_deserialize(&bytes[1..]).is_err());
    }

    #[test]
    fn the_description_has_as_many_registers() {
        assert_eq!(DESCRIPTION.matches("<reg ").count(), 31 + 3 + 32 + 2 + 1);
    }
}
