//! The processors that AArch32 guests can see, in the one place that says so: which instructions there are, and what Linux tells of them
//! (HWCAP, /proc/cpuinfo). Every model has all that the one before it has.
//!
//! | model | architecture | floating point | the rest |
//! |---|---|---|---|
//! | `arm926` | ARMv5TEJ, Thumb | VFPv2 | – |
//! | `cortex-a9` | ARMv7-A, Thumb-2, MP | VFPv3 with half-precision conversions, Advanced SIMD | – |
//! | `max` | ARMv8-A in AArch32 state | VFPv4, what ARMv8 added | divide, CRC32, AES, SHA, ordered accesses, dot product |
//!
//! Data accesses may be unaligned on all of them (on ARMv5 hardware, such an access rotates or traps; no program wants that).

/// A processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Model {
    /// ARM926EJ-S.
    Arm926,
    /// Cortex-A9 MPCore.
    CortexA9,
    /// Everything that armlet has.
    #[default]
    Max,
}

/// The bits of `AT_HWCAP` (arch/arm/include/uapi/asm/hwcap.h).
const SWP: u32 = 1;
const HALF: u32 = 1 << 1;
const THUMB: u32 = 1 << 2;
const FAST_MULT: u32 = 1 << 4;
const VFP: u32 = 1 << 6;
const EDSP: u32 = 1 << 7;
const JAVA: u32 = 1 << 8;
const NEON: u32 = 1 << 12;
const VFPV3: u32 = 1 << 13;
const TLS: u32 = 1 << 15;
const VFPV4: u32 = 1 << 16;
const IDIVA: u32 = 1 << 17;
const IDIVT: u32 = 1 << 18;
const VFPD32: u32 = 1 << 19;
const LPAE: u32 = 1 << 20;

/// The words of the "Features" line of /proc/cpuinfo, by bit of `AT_HWCAP`.
const WORDS: [&str; 22] = [
    "swp", "half", "thumb", "26bit", "fastmult", "fpa", "vfp", "edsp", "java", "iwmmxt", "crunch", "thumbee", "neon",
    "vfpv3", "vfpv3d16", "tls", "vfpv4", "idiva", "idivt", "vfpd32", "lpae", "evtstrm",
];
/// The same of `AT_HWCAP2`.
const WORDS2: [&str; 5] = ["aes", "pmull", "sha1", "sha2", "crc32"];

impl Model {
    /// All of them, with the names that the command line uses.
    pub const ALL: [(&'static str, Model); 3] = [
        ("arm926", Model::Arm926),
        ("cortex-a9", Model::CortexA9),
        ("max", Model::Max),
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        Model::ALL[self as usize].0
    }

    /// The model of that name.
    pub fn from_name(name: &str) -> Option<Model> {
        Model::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, model)| model)
    }

    /// `AT_HWCAP`.
    pub fn hwcap(self) -> u32 {
        let v5 = SWP | HALF | THUMB | FAST_MULT | VFP | EDSP;
        let v7 = v5 | NEON | VFPV3 | TLS | VFPD32;
        match self {
            Model::Arm926 => v5 | JAVA,
            Model::CortexA9 => v7,
            Model::Max => v7 | VFPV4 | IDIVA | IDIVT | LPAE,
        }
    }

    /// `AT_HWCAP2`: AES, PMULL, SHA1, SHA2, CRC32.
    pub fn hwcap2(self) -> u32 {
        match self {
            Model::Arm926 | Model::CortexA9 => 0,
            Model::Max => 0x1f,
        }
    }

    /// The words of the "Features" line of /proc/cpuinfo.
    pub fn features(self) -> impl Iterator<Item = &'static str> {
        let bits = |mask: u32, words: &'static [&'static str]| {
            words
                .iter()
                .enumerate()
                .filter(move |(bit, _)| mask >> bit & 1 != 0)
                .map(|(_, &word)| word)
        };
        bits(self.hwcap(), &WORDS).chain(bits(self.hwcap2(), &WORDS2))
    }

    /// `AT_PLATFORM`.
    pub fn platform(self) -> &'static str {
        match self {
            Model::Arm926 => "v5l",
            Model::CortexA9 => "v7l",
            Model::Max => "v8l",
        }
    }

    /// MIDR, the main identification register.
    pub fn midr(self) -> u32 {
        match self {
            Model::Arm926 => 0x4106_9265,
            Model::CortexA9 => 0x413f_c090,
            Model::Max => crate::id::MIDR_EL1 as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words() {
        for (name, model) in Model::ALL {
            assert_eq!((model.name(), Model::from_name(name)), (name, Some(model)));
        }
        let words: Vec<_> = Model::CortexA9.features().collect();
        assert_eq!(
            words.join(" "),
            "swp half thumb fastmult vfp edsp neon vfpv3 tls vfpd32"
        );
        assert!(Model::Max.features().any(|word| word == "crc32"));
    }
}
