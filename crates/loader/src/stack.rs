//! The initial stack of a program, as the kernel builds it (fs/binfmt_elf.c, create_elf_tables): from the stack
//! pointer upwards
//!
//! ```text
//! argc
//! argv[0] … argv[argc - 1], NULL
//! envp[0] …, NULL
//! auxiliary vector: pairs of type and value, up to AT_NULL
//! (padding, 16 random bytes, "aarch64" or "v7l")
//! the strings of argv, the strings of envp, the path (AT_EXECFN)
//! 8 zero bytes: the end of the stack
//! ```
//!
//! The stack pointer is a multiple of 16 (AAPCS64 6.4.5.1). Numbers and pointers have the width of the program's class.

use std::ffi::CString;
use std::ops::Range;

/// Keys of the auxiliary vector (linux/auxvec.h), in the order in which arm64 writes them.
#[allow(missing_docs, reason = "the names are the kernel's; getauxval(3) explains them")]
pub mod at {
    pub const NULL: u64 = 0;
    pub const SYSINFO_EHDR: u64 = 33;
    pub const MINSIGSTKSZ: u64 = 51;
    pub const HWCAP: u64 = 16;
    pub const PAGESZ: u64 = 6;
    pub const CLKTCK: u64 = 17;
    pub const PHDR: u64 = 3;
    pub const PHENT: u64 = 4;
    pub const PHNUM: u64 = 5;
    pub const BASE: u64 = 7;
    pub const FLAGS: u64 = 8;
    pub const ENTRY: u64 = 9;
    pub const UID: u64 = 11;
    pub const EUID: u64 = 12;
    pub const GID: u64 = 13;
    pub const EGID: u64 = 14;
    pub const SECURE: u64 = 23;
    pub const RANDOM: u64 = 25;
    pub const HWCAP2: u64 = 26;
    pub const EXECFN: u64 = 31;
    pub const PLATFORM: u64 = 15;
}

/// What a signal frame takes at least: `struct rt_sigframe` (siginfo 128, ucontext 4560), a frame record and
/// alignment.
pub const MINSIGSTKSZ: u64 = 128 + 4560 + 16 + 16;

/// Clock ticks per second (`USER_HZ`).
pub const CLKTCK: u64 = 100;

/// What goes onto the stack.
#[derive(Clone, Debug)]
pub struct Contents<'a> {
    /// The arguments.
    pub argv: &'a [CString],
    /// The environment.
    pub envp: &'a [CString],
    /// The path that was executed: AT_EXECFN.
    pub path: &'a CString,
    /// An AArch32 program: words of four bytes.
    pub is_32: bool,
    /// The value of AT_PLATFORM.
    pub platform: &'static str,
    /// The bytes behind AT_RANDOM.
    pub random: [u8; 16],
    /// The auxiliary vector but for what points to the stack: AT_RANDOM, AT_EXECFN, AT_PLATFORM and the end are
    /// added.
    pub auxv: &'a [(u64, u64)],
}

/// A stack, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialStack {
    /// The stack pointer: the address of the first of [`InitialStack::bytes`].
    pub sp: u64,
    /// Everything from the stack pointer to the top.
    pub bytes: Vec<u8>,
    /// Where the strings of argv are (`arg_start` and `arg_end` of /proc/self/stat).
    pub arguments: Range<u64>,
    /// Where the strings of envp are.
    pub environment: Range<u64>,
    /// The whole auxiliary vector, with AT_NULL.
    pub auxv: Vec<(u64, u64)>,
}

impl Contents<'_> {
    /// Bytes that arguments and environment take with their pointers: what the kernel limits to a quarter of the
    /// stack.
    #[must_use]
    pub fn size(&self) -> u64 {
        let strings = self
            .argv
            .iter()
            .chain(self.envp)
            .map(|text| text.as_bytes_with_nul().len() as u64 + self.word() as u64);
        strings.sum::<u64>() + self.path.as_bytes_with_nul().len() as u64
    }

    /// Bytes in a word.
    fn word(&self) -> usize {
        if self.is_32 { 4 } else { 8 }
    }

    /// Lays it out below `top` (a multiple of 16); the pointers begin `shift` bytes (a multiple of 16) lower than
    /// they need.
    #[must_use]
    pub fn lay_out(&self, top: u64, shift: u64) -> InitialStack {
        // The strings, as one block that ends at the top, and where each begins in it.
        let mut strings = Vec::new();
        let mut add = |texts: &[CString]| -> Vec<u64> {
            let add_one = |text: &CString| {
                let at = strings.len() as u64;
                strings.extend_from_slice(text.as_bytes_with_nul());
                at
            };
            texts.iter().map(add_one).collect()
        };
        let (argv, envp, path) = (add(self.argv), add(self.envp), add(std::slice::from_ref(self.path))[0]);
        let environment = envp.first().copied().unwrap_or(path);
        strings.extend_from_slice(&[0; 8]);
        let base = top - strings.len() as u64;

        let platform = (base - self.platform.len() as u64 - 1) & !15;
        let random = platform - self.random.len() as u64;
        let mut auxv = self.auxv.to_vec();
        auxv.extend([
            (at::RANDOM, random),
            (at::EXECFN, base + path),
            (at::PLATFORM, platform),
            (at::NULL, 0),
        ]);

        let mut words = vec![argv.len() as u64];
        for pointers in [&argv, &envp] {
            words.extend(pointers.iter().map(|offset| base + offset));
            words.push(0);
        }
        words.extend(auxv.iter().flat_map(|&(key, value)| [key, value]));
        let sp = (random - shift - (self.word() * words.len()) as u64) & !15;

        let mut bytes: Vec<u8> = words
            .iter()
            .flat_map(|word| word.to_le_bytes().into_iter().take(self.word()))
            .collect();
        let mut put = |address: u64, part: &[u8]| {
            bytes.resize((address - sp) as usize, 0);
            bytes.extend_from_slice(part);
        };
        put(random, &self.random);
        put(platform, self.platform.as_bytes());
        put(base, &strings);
        let end = base + path;
        InitialStack {
            sp,
            bytes,
            arguments: base..base + environment,
            environment: base + environment..end,
            auxv,
        }
    }
}
