//! Why a program cannot be run: one sentence each, with what to do about it.

use std::io;
use std::path::PathBuf;

/// What is wrong with the contents of a file. The texts continue the sentence "`FILE`: …".
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// No ELF magic.
    #[error("not an ELF program; armlet runs ARM Linux programs and scripts with a #! line")]
    NotElf,
    /// It begins with `#!`. The runtime starts the interpreter that is named there.
    #[error("a script; run its interpreter, or give the script a #! line that names one")]
    Script,
    /// Shorter than its own headers say.
    #[error("truncated: {what} is beyond the end of the file; copy or download it again")]
    Truncated {
        /// What is missing.
        what: &'static str,
    },
    /// The headers contradict the format or each other.
    #[error("malformed ELF file: {what}; build it again")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// EM_X86_64.
    #[error("this is an x86-64 program; run it directly")]
    X86_64,
    /// EM_ARM without an EABI version.
    #[error("a program for the old ABI of ARM Linux (before EABI); build it for armel or armhf")]
    OldAbi,
    /// Another processor.
    #[error("a program for {machine}, not for ARM; use an emulator of that processor")]
    OtherMachine {
        /// Its name.
        machine: String,
    },
    /// ELFDATA2MSB.
    #[error("a big-endian ARM program; only little-endian ones are supported: build it without -mbig-endian")]
    BigEndian,
    /// ET_REL, ET_CORE and the like.
    #[error("{what}, not a program; {advice}")]
    NotAProgram {
        /// What it is.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Its segments want more than the address space is meant to hold.
    #[error(
        "its image would take {gibibytes} GiB of the address space, more than the {limit} GiB that are allowed; build it again"
    )]
    TooLarge {
        /// How much it wants.
        gibibytes: u64,
        /// How much it may have.
        limit: u64,
    },
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Why a program cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// ENOENT, ENOTDIR.
    #[error("{}: not found; check the path", path.display())]
    NotFound {
        /// The program.
        path: PathBuf,
    },
    /// Any other error on opening it.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// The program.
        path: PathBuf,
        /// EACCES and the like.
        source: io::Error,
    },
    /// A directory, a device.
    #[error("{}: not a regular file; name a program", path.display())]
    NotRegular {
        /// What was to be run.
        path: PathBuf,
    },
    /// The contents.
    #[error("{}: {error}", path.display())]
    File {
        /// The program.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: ElfError,
    },
    /// PT_INTERP names a file that is not there.
    #[error(
        "{}: its dynamic linker {} is not found; give the directory that holds an ARM root file system with -L DIR",
        program.display(), interpreter.display()
    )]
    MissingInterpreter {
        /// The program.
        program: PathBuf,
        /// The path in PT_INTERP.
        interpreter: PathBuf,
    },
    /// The dynamic linker cannot be loaded.
    #[error("{}: its dynamic linker cannot be loaded: {error}", program.display())]
    Interpreter {
        /// The program.
        program: PathBuf,
        /// What is wrong with the linker.
        #[source]
        error: Box<LoadError>,
    },
    /// A mapping was refused.
    #[error("{}: {what} cannot be mapped: {error}; check the limits of memory (ulimit -v)", path.display())]
    Map {
        /// The program.
        path: PathBuf,
        /// What was to be mapped.
        what: &'static str,
        /// The host's or the address space's reason.
        #[source]
        error: armlet_memory::space::Error,
    },
    /// Its segments are below what the host lets a program map.
    #[error(
        "{}: it is linked to run at address {address:#x}, below the host's vm.mmap_min_addr ({minimum:#x}); \
         lower that with `sysctl vm.mmap_min_addr={}`, or link the program higher (-Ttext-segment=0x10000)",
        path.display(), address & !0xfff
    )]
    TooLow {
        /// The program.
        path: PathBuf,
        /// Its first page.
        address: u64,
        /// What the host says.
        minimum: u64,
    },
    /// A page was not there when it was to be filled, for example because the file shrank meanwhile.
    #[error("{}: {what} cannot be written; the file may have changed while it was read: try again", path.display())]
    Fill {
        /// The program.
        path: PathBuf,
        /// What was to be written.
        what: &'static str,
    },
    /// E2BIG.
    #[error("{}: arguments and environment take {bytes} bytes, more than a quarter of the stack; pass fewer, or raise ulimit -s", path.display())]
    ArgumentsTooLong {
        /// The program.
        path: PathBuf,
        /// How much they take.
        bytes: u64,
    },
    /// The host's random numbers.
    #[error("no random numbers from the host: {0}; give a seed")]
    Entropy(io::Error),
}

impl LoadError {
    /// The exit status that shells use: 127 if the program is not found, 126 if it cannot be executed.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            LoadError::NotFound { .. } => 127,
            _ => 126,
        }
    }

    /// The error number that execve(2) has for it.
    #[must_use]
    pub fn errno(&self) -> i32 {
        use rustix::io::Errno;
        let errno = match self {
            LoadError::NotFound { .. } | LoadError::MissingInterpreter { .. } => Errno::NOENT,
            LoadError::Open { source, .. } => return source.raw_os_error().unwrap_or(Errno::IO.raw_os_error()),
            LoadError::NotRegular { .. } => Errno::ACCESS,
            LoadError::File {
                error: ElfError::Read(source),
                ..
            } => {
                return source.raw_os_error().unwrap_or(Errno::IO.raw_os_error());
            }
            LoadError::File { .. } => Errno::NOEXEC,
            LoadError::Interpreter { .. } => Errno::LIBBAD,
            LoadError::Map { error, .. } => return error.errno(),
            LoadError::TooLow { .. } => Errno::PERM,
            LoadError::Fill { .. } => Errno::FAULT,
            LoadError::ArgumentsTooLong { .. } => Errno::TOOBIG,
            LoadError::Entropy(_) => Errno::IO,
        };
        errno.raw_os_error()
    }
}
