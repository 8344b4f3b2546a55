//! Processes and threads: starting them, replacing their program, ending them, and what they can ask about themselves and the
//! machine. Identity, credentials, scheduling and waiting are rows that go to the host.

mod clone;
mod exec;
pub(crate) mod legacy;
pub mod limits;
mod prctl;

pub use clone::{clone, clone3};
pub use exec::{execve, execveat};
pub use limits::{getrlimit, prlimit64, setrlimit};
pub use prctl::prctl;

use armlet_cpu::a32_features::Model;

use crate::abi::Abi;
use crate::call::Call;
use crate::task::{Break, Reply};

/// exit: ends this thread (_exit(2) says how it differs from the function).
pub fn exit(call: &mut Call<'_>) -> Reply {
    Err(Break::ExitThread(call.int(0) & 0xff))
}

/// exit_group(2).
pub fn exit_group(call: &mut Call<'_>) -> Reply {
    Err(Break::ExitProcess(call.int(0) & 0xff))
}

/// set_tid_address(2).
pub fn set_tid_address(call: &mut Call<'_>) -> Reply {
    call.task.set_clear_child_tid(call.args[0]);
    Ok(call.host(libc::SYS_gettid, [])?)
}

impl Call<'_> {
    /// What `uname -m` says.
    pub(crate) fn machine(&self) -> &'static str {
        match (self.abi, self.task.settings().model) {
            (Abi::A64, _) => "aarch64",
            (Abi::A32, Model::Arm926) => "armv5tejl",
            // What programs know best; a kernel of 64 bits would say armv8l to the newest processor's.
            (Abi::A32, Model::CortexA9 | Model::Max) => "armv7l",
        }
    }
}

/// `PER_MASK`, `PER_LINUX32` of personality(2).
const PER_MASK: u64 = 0xff;
const PER_LINUX32: u64 = 0x08;

/// Bytes in each field of `struct utsname`.
const FIELD: usize = 65;

/// uname(2): the host's kernel, on the guest's machine.
pub fn uname(call: &mut Call<'_>) -> Reply {
    let mut names = [[0_u8; FIELD]; 6];
    call.host(libc::SYS_uname, [names.as_mut_ptr() as u64])?;
    if let Some(release) = &call.task.settings().release {
        names[2] = field(release.as_bytes());
    }
    // `linux32` asks a 64-bit kernel to speak as one of 32 bits.
    let personality = call.host(libc::SYS_personality, [0xffff_ffff])?;
    let is_32 = call.abi == Abi::A64 && personality & PER_MASK == PER_LINUX32;
    names[4] = field(if is_32 { b"armv8l" } else { call.machine().as_bytes() });
    call.write(call.args[0], &names)?;
    Ok(0)
}

fn field(text: &[u8]) -> [u8; FIELD] {
    let mut field = [0; FIELD];
    let length = text.len().min(FIELD - 1);
    field[..length].copy_from_slice(&text[..length]);
    field
}
