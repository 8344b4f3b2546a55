//! The system registers that user code can name: those of EL0, and the ID registers that Linux emulates for it.

use core::fmt::{Display, Formatter, Result};

/// A system register: op0, op1, CRn, CRm, op2 in 16 bits, as in MRS and MSR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SystemRegister(pub u16);

const fn number(op0: u16, op1: u16, crn: u16, crm: u16, op2: u16) -> SystemRegister {
    SystemRegister(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2)
}

/// `NAME number, "text";` a line.
macro_rules! registers {
    ($($name:ident ($($part:literal),*) $text:literal;)*) => {
        #[allow(missing_docs, reason = "the names are the manual's: D23.2")]
        impl SystemRegister {
            $(pub const $name: SystemRegister = number($($part),*);)*

            /// All that have a name.
            pub const NAMED: &[SystemRegister] = &[$(SystemRegister::$name),*];

            /// Its name in assembler text.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(SystemRegister::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

registers! {
    NZCV (3, 3, 4, 2, 0) "nzcv";
    FPCR (3, 3, 4, 4, 0) "fpcr";
    FPSR (3, 3, 4, 4, 1) "fpsr";
    TPIDR_EL0 (3, 3, 13, 0, 2) "tpidr_el0";
    TPIDRRO_EL0 (3, 3, 13, 0, 3) "tpidrro_el0";
    CTR_EL0 (3, 3, 0, 0, 1) "ctr_el0";
    DCZID_EL0 (3, 3, 0, 0, 7) "dczid_el0";
    CNTFRQ_EL0 (3, 3, 14, 0, 0) "cntfrq_el0";
    CNTVCT_EL0 (3, 3, 14, 0, 2) "cntvct_el0";
    PMUSERENR_EL0 (3, 3, 9, 14, 0) "pmuserenr_el0";
    MIDR_EL1 (3, 0, 0, 0, 0) "midr_el1";
    MPIDR_EL1 (3, 0, 0, 0, 5) "mpidr_el1";
    REVIDR_EL1 (3, 0, 0, 0, 6) "revidr_el1";
    ID_ISAR0_EL1 (3, 0, 0, 2, 0) "id_isar0_el1";
    ID_ISAR1_EL1 (3, 0, 0, 2, 1) "id_isar1_el1";
    ID_ISAR2_EL1 (3, 0, 0, 2, 2) "id_isar2_el1";
    ID_ISAR3_EL1 (3, 0, 0, 2, 3) "id_isar3_el1";
    ID_ISAR4_EL1 (3, 0, 0, 2, 4) "id_isar4_el1";
    ID_ISAR5_EL1 (3, 0, 0, 2, 5) "id_isar5_el1";
    ID_MMFR4_EL1 (3, 0, 0, 2, 6) "id_mmfr4_el1";
    ID_ISAR6_EL1 (3, 0, 0, 2, 7) "id_isar6_el1";
    MVFR0_EL1 (3, 0, 0, 3, 0) "mvfr0_el1";
    MVFR1_EL1 (3, 0, 0, 3, 1) "mvfr1_el1";
    MVFR2_EL1 (3, 0, 0, 3, 2) "mvfr2_el1";
    ID_PFR2_EL1 (3, 0, 0, 3, 4) "id_pfr2_el1";
    ID_DFR1_EL1 (3, 0, 0, 3, 5) "id_dfr1_el1";
    ID_MMFR5_EL1 (3, 0, 0, 3, 6) "id_mmfr5_el1";
    ID_AA64PFR0_EL1 (3, 0, 0, 4, 0) "id_aa64pfr0_el1";
    ID_AA64PFR1_EL1 (3, 0, 0, 4, 1) "id_aa64pfr1_el1";
    ID_AA64ZFR0_EL1 (3, 0, 0, 4, 4) "id_aa64zfr0_el1";
    ID_AA64SMFR0_EL1 (3, 0, 0, 4, 5) "id_aa64smfr0_el1";
    ID_AA64DFR0_EL1 (3, 0, 0, 5, 0) "id_aa64dfr0_el1";
    ID_AA64DFR1_EL1 (3, 0, 0, 5, 1) "id_aa64dfr1_el1";
    ID_AA64AFR0_EL1 (3, 0, 0, 5, 4) "id_aa64afr0_el1";
    ID_AA64AFR1_EL1 (3, 0, 0, 5, 5) "id_aa64afr1_el1";
    ID_AA64ISAR0_EL1 (3, 0, 0, 6, 0) "id_aa64isar0_el1";
    ID_AA64ISAR1_EL1 (3, 0, 0, 6, 1) "id_aa64isar1_el1";
    ID_AA64ISAR2_EL1 (3, 0, 0, 6, 2) "id_aa64isar2_el1";
    ID_AA64MMFR0_EL1 (3, 0, 0, 7, 0) "id_aa64mmfr0_el1";
    ID_AA64MMFR1_EL1 (3, 0, 0, 7, 1) "id_aa64mmfr1_el1";
    ID_AA64MMFR2_EL1 (3, 0, 0, 7, 2) "id_aa64mmfr2_el1";
}

impl SystemRegister {
    /// The register of these numbers, if EL0 can read it: by the architecture, or because Linux emulates it (ID registers:
    /// op0 3, op1 0, CRn 0, CRm 2 to 7, of which the unnamed ones read as zero).
    pub(crate) fn user(op0: u32, op1: u32, crn: u32, crm: u32, op2: u32) -> Option<SystemRegister> {
        let register = number(op0 as u16, op1 as u16, crn as u16, crm as u16, op2 as u16);
        let emulated = op0 == 3 && op1 == 0 && crn == 0 && matches!(crm, 2..=7);
        (emulated || register.name().is_some()).then_some(register)
    }

    /// Whether EL0 can write it.
    pub fn writable(self) -> bool {
        matches!(
            self,
            SystemRegister::NZCV | SystemRegister::FPCR | SystemRegister::FPSR | SystemRegister::TPIDR_EL0
        )
    }
}

impl Display for SystemRegister {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => {
                let n = self.0;
                write!(
                    f,
                    "s{}_{}_c{}_c{}_{}",
                    n >> 14,
                    n >> 11 & 7,
                    n >> 7 & 15,
                    n >> 3 & 15,
                    n & 7
                )
            }
        }
    }
}
