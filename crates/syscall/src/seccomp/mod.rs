//! seccomp(2): the guest's own filters, judged by armlet. The host's kernel cannot do it: it sees the host's numbers, and armlet's calls
//! among the guest's. A filter sees `AUDIT_ARCH_AARCH64` or `AUDIT_ARCH_ARM`, the guest's numbers, registers and PC.
//!
//! The filters of a thread are its [`Seccomp`]; new threads, forks and programs inherit them. There are no listeners (`SECCOMP_RET_USER_NOTIF`,
//! as in kernels before 5.0) and no tracers. It is a promise that a program makes about itself, and no boundary around it: see `--isolate`.

pub mod filter;

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use armlet_cpu::a64::State;
use armlet_memory as memory;

use crate::Errno;
use crate::abi::Abi;
use crate::call::Call;
use crate::task::{Break, Outcome, Reply, Task};
use filter::{Data, Instruction};

/// Some thread of this process has a filter, or had one: until then, calls are not looked at.
pub static ACTIVE: AtomicBool = AtomicBool::new(false);

/// Whether calls have to be judged.
#[inline]
#[must_use]
pub fn is_active() -> bool {
    ACTIVE.load(Ordering::Relaxed)
}

/// What a thread has promised.
#[derive(Clone, Default)]
pub struct Seccomp {
    /// `SECCOMP_MODE_STRICT`.
    pub strict: bool,
    /// The filter that was installed last, which knows those before it.
    filters: Option<Arc<Filter>>,
}

/// One filter, and what was there before it.
struct Filter {
    program: Box<[Instruction]>,
    before: Option<Arc<Filter>>,
}

impl fmt::Debug for Seccomp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mode {}, {} filters", self.mode(), self.count())
    }
}

/// Instructions of all filters of a thread together (`MAX_INSNS_PER_PATH`); each filter counts four more.
const MAXIMUM_TOTAL: usize = 32768;
const PENALTY: usize = 4;

impl Seccomp {
    /// `Seccomp:` in /proc/PID/status: 0 none, 1 strict, 2 filters.
    #[must_use]
    pub fn mode(&self) -> u32 {
        match (self.strict, &self.filters) {
            (true, _) => 1,
            (false, Some(_)) => 2,
            (false, None) => 0,
        }
    }

    /// How many filters there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.chain().count()
    }

    /// From the newest to the oldest.
    fn chain(&self) -> impl Iterator<Item = &Arc<Filter>> {
        std::iter::successors(self.filters.as_ref(), |filter| filter.before.as_ref())
    }

    /// With one more filter. `None` if they are too long together.
    fn with(&self, program: Vec<Instruction>) -> Option<Seccomp> {
        let total: usize = self.chain().map(|filter| filter.program.len() + PENALTY).sum();
        (total + program.len() <= MAXIMUM_TOTAL).then(|| Seccomp {
            strict: false,
            filters: Some(Arc::new(Filter {
                program: program.into(),
                before: self.filters.clone(),
            })),
        })
    }

    /// Whether a thread with these filters may be given those of another: its own are the oldest of the other's.
    #[must_use]
    pub fn can_become(&self, other: &Seccomp) -> bool {
        let Some(own) = &self.filters else { return !self.strict };
        other.chain().any(|filter| Arc::ptr_eq(filter, own))
    }

    /// What the filters say: the strictest answer, of equal ones the newest filter's.
    fn judge(&self, data: &Data) -> u32 {
        let mut strictest = action::ALLOW;
        for filter in self.chain() {
            let answer = filter::run(&filter.program, data);
            // As signed numbers: the strictest has its highest bit set.
            if ((answer & action::FULL) as i32) < (strictest & action::FULL) as i32 {
                strictest = answer;
            }
        }
        strictest
    }

    /// Writes it for the next program.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn save(&self, file: &mut impl Write) -> io::Result<()> {
        let mut bytes = vec![u8::from(self.strict)];
        let oldest_first: Vec<_> = self.chain().collect::<Vec<_>>().into_iter().rev().collect();
        for filter in oldest_first {
            bytes.extend_from_slice(&(filter.program.len() as u32).to_le_bytes());
            bytes.extend(filter.program.iter().flat_map(|instruction| instruction.to_bytes()));
        }
        file.write_all(&bytes)
    }

    /// What [`Seccomp::save`] has written. `None` if it is something else. From now on, calls are judged.
    pub fn restore(file: &mut impl Read) -> Option<Seccomp> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let (&strict, mut rest) = bytes.split_first()?;
        let mut seccomp = Seccomp::default();
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let (program, behind) = behind.split_at_checked(length.checked_mul(8)?)?;
            let program: Vec<_> = program
                .chunks_exact(8)
                .filter_map(|bytes| bytes.try_into().ok())
                .map(Instruction::from_bytes)
                .collect();
            if !filter::is_valid(&program) {
                return None;
            }
            seccomp = seccomp.with(program)?;
            rest = behind;
        }
        seccomp.strict = strict != 0;
        ACTIVE.store(true, Ordering::Relaxed);
        Some(seccomp)
    }
}

/// `SECCOMP_RET_*`.
mod action {
    pub const KILL_PROCESS: u32 = 0x8000_0000;
    pub const KILL_THREAD: u32 = 0;
    pub const TRAP: u32 = 0x0003_0000;
    pub const ERRNO: u32 = 0x0005_0000;
    pub const USER_NOTIF: u32 = 0x7fc0_0000;
    pub const TRACE: u32 = 0x7ff0_0000;
    pub const LOG: u32 = 0x7ffc_0000;
    pub const ALLOW: u32 = 0x7fff_0000;
    /// The action, without its data.
    pub const FULL: u32 = 0xffff_0000;
    pub const DATA: u32 = 0xffff;
}

/// The highest error number that a filter can give (`MAX_ERRNO`).
const MAXIMUM_ERRNO: u32 = 4095;

/// What a trapped call tells its handler of SIGSYS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// `si_errno`: the data of `SECCOMP_RET_TRAP`.
    pub data: u32,
    /// `si_call_addr`: the PC behind the SVC.
    pub address: u64,
    /// `si_syscall`.
    pub number: u32,
    /// `si_arch`.
    pub architecture: u32,
}

impl Abi {
    /// `AUDIT_ARCH_AARCH64`, `AUDIT_ARCH_ARM`.
    const fn audit_architecture(self) -> u32 {
        match self {
            Abi::A64 => 0xc000_00b7,
            Abi::A32 => 0x4000_0028,
        }
    }

    /// The calls that strict mode leaves: read, write, exit, rt_sigreturn.
    const fn strict_calls(self) -> [u32; 4] {
        match self {
            Abi::A64 => [63, 64, 93, 139],
            Abi::A32 => [3, 4, 1, 173],
        }
    }
}

/// What becomes of a call.
pub(crate) enum Verdict {
    /// It is made.
    Go,
    /// It is not made; this is its result.
    Answer(Result<u64, Errno>),
    /// It is not made, and the runtime goes on with that.
    End(Outcome),
}

/// Judges the call that is about to be made.
pub(crate) fn judge(task: &dyn Task, state: &State) -> Verdict {
    let seccomp = task.seccomp();
    let abi = task.abi();
    let number = abi.register(state, abi.number_register()) as u32;
    if seccomp.strict {
        return match abi.strict_calls().contains(&number) {
            true => Verdict::Go,
            false => Verdict::End(Outcome::KillThread(libc::SIGKILL)),
        };
    }
    let data = Data {
        number,
        architecture: abi.audit_architecture(),
        instruction_pointer: state.pc,
        arguments: std::array::from_fn(|n| abi.register(state, n as u8)),
    };
    let answer = seccomp.judge(&data);
    match answer & action::FULL {
        action::ALLOW | action::LOG => Verdict::Go,
        action::ERRNO => match (answer & action::DATA).min(MAXIMUM_ERRNO) {
            0 => Verdict::Answer(Ok(0)),
            number => Verdict::Answer(Err(Errno::from_number(number as i32))),
        },
        // Nobody traces, nobody listens.
        action::TRACE | action::USER_NOTIF => Verdict::Answer(Err(Errno::ENOSYS)),
        action::TRAP => Verdict::End(Outcome::Trapped(Trapped {
            data: answer & action::DATA,
            address: data.instruction_pointer,
            number,
            architecture: data.architecture,
        })),
        action::KILL_THREAD => Verdict::End(Outcome::KillThread(libc::SIGSYS)),
        _ => Verdict::End(Outcome::KillProcess(libc::SIGSYS)),
    }
}

mod operation {
    pub const SET_MODE_STRICT: u32 = 0;
    pub const SET_MODE_FILTER: u32 = 1;
    pub const GET_ACTION_AVAIL: u32 = 2;
}

mod flag {
    pub const TSYNC: u64 = 1;
    pub const LOG: u64 = 2;
    pub const SPEC_ALLOW: u64 = 4;
    /// `TSYNC_ESRCH`: a thread that stands in the way is an error number instead of its id.
    pub const TSYNC_ESRCH: u64 = 16;
}

/// seccomp(2). `SECCOMP_GET_NOTIF_SIZES` and `SECCOMP_FILTER_FLAG_NEW_LISTENER` are unknown, as before Linux 5.0.
pub fn seccomp(call: &mut Call<'_>) -> Reply {
    let [operation, flags, argument, ..] = call.args;
    let flags = u64::from(flags as u32);
    match operation as u32 {
        operation::SET_MODE_STRICT if flags == 0 && argument == 0 => set_strict(call),
        operation::SET_MODE_FILTER => set_filter(call, flags, argument),
        operation::GET_ACTION_AVAIL if flags == 0 => match call.read::<u32>(argument)? {
            action::KILL_PROCESS
            | action::KILL_THREAD
            | action::TRAP
            | action::ERRNO
            | action::TRACE
            | action::LOG
            | action::ALLOW => Ok(0),
            _ => Err(Errno::EOPNOTSUPP.into()),
        },
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `PR_SET_SECCOMP`.
pub(crate) fn prctl_set(call: &mut Call<'_>) -> Reply {
    let [_, mode, filter, ..] = call.args;
    match mode {
        1 => set_strict(call),
        2 => set_filter(call, 0, armlet_memory::untag(filter)),
        _ => Err(Errno::EINVAL.into()),
    }
}

fn set_strict(call: &mut Call<'_>) -> Reply {
    if call.task.seccomp().filters.is_some() {
        return Err(Errno::EINVAL.into());
    }
    let strict = Seccomp {
        strict: true,
        filters: None,
    };
    ACTIVE.store(true, Ordering::Relaxed);
    call.task.set_seccomp(strict);
    Ok(0)
}

fn set_filter(call: &mut Call<'_>, flags: u64, argument: u64) -> Reply {
    let known = flag::TSYNC | flag::LOG | flag::SPEC_ALLOW | flag::TSYNC_ESRCH;
    if flags & !known != 0 {
        return Err(Errno::EINVAL.into());
    }
    // `struct sock_fprog`: a 16-bit length, then an aligned pointer.
    let [length, program] = call.words::<2>(argument)?;
    let length = length as u16 as usize;
    if length == 0 || length > filter::MAXIMUM_LENGTH || program == 0 {
        return Err(Errno::EINVAL.into());
    }
    if !may_install(call)? {
        return Err(Errno::EACCES.into());
    }
    let mut bytes = vec![0; length * size_of::<Instruction>()];
    memory::read_bytes(armlet_memory::untag(program), &mut bytes)?;
    let program: Vec<_> = bytes
        .chunks_exact(8)
        .filter_map(|bytes| bytes.try_into().ok())
        .map(Instruction::from_bytes)
        .collect();
    if !filter::is_valid(&program) {
        return Err(Errno::EINVAL.into());
    }
    let now = call.task.seccomp();
    if now.strict {
        return Err(Errno::EINVAL.into());
    }
    let new = now.with(program).ok_or(Errno::ENOMEM)?;
    ACTIVE.store(true, Ordering::Relaxed);
    if flags & flag::TSYNC == 0 {
        call.task.set_seccomp(new);
        return Ok(0);
    }
    match call.task.set_seccomp_of_all(new) {
        Ok(()) => Ok(0),
        Err(_) if flags & flag::TSYNC_ESRCH != 0 => Err(Errno::ESRCH.into()),
        Err(thread) => Ok(thread as u64),
    }
}

/// Whether the thread has promised to gain no privileges, or has CAP_SYS_ADMIN.
fn may_install(call: &Call<'_>) -> Result<bool, Break> {
    if call.host(libc::SYS_prctl, [libc::PR_GET_NO_NEW_PRIVS as u64, 0, 0, 0, 0])? == 1 {
        return Ok(true);
    }
    const VERSION_3: u32 = 0x2008_0522;
    const CAP_SYS_ADMIN: u32 = 21;
    let header = [VERSION_3, 0];
    // Effective, permitted, inheritable; twice.
    let mut sets = [0_u32; 6];
    call.host(libc::SYS_capget, [header.as_ptr() as u64, sets.as_mut_ptr() as u64])?;
    Ok(sets[0] >> CAP_SYS_ADMIN & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returns(value: u32) -> Vec<Instruction> {
        vec![Instruction {
            code: 0x06,
            k: value,
            ..Instruction::default()
        }]
    }

    #[test]
    fn the_strictest_filter_counts() {
        let judge = |answers: &[u32]| {
            let all = answers
                .iter()
                .try_fold(Seccomp::default(), |all, &answer| all.with(returns(answer)));
            all.expect("short").judge(&Data::default())
        };
        assert_eq!(
            judge(&[action::ALLOW, action::ERRNO | 5, action::LOG]),
            action::ERRNO | 5
        );
        assert_eq!(
            judge(&[action::KILL_THREAD, action::KILL_PROCESS]),
            action::KILL_PROCESS
        );
        assert_eq!(
            judge(&[action::ERRNO | 1, action::ERRNO | 2]),
            action::ERRNO | 2,
            "the newest"
        );
        assert_eq!(judge(&[action::TRAP, action::ERRNO]), action::TRAP);
    }

    #[test]
    fn a_chain_is_saved_and_restored() {
        let first = Seccomp::default().with(returns(action::ALLOW)).expect("short");
        let second = first.with(returns(action::ERRNO | 7)).expect("short");
        let mut bytes = Vec::new();
        second.save(&mut bytes).expect("memory");
        let restored = Seccomp::restore(&mut bytes.as_slice()).expect("well-formed");
        assert_eq!((restored.mode(), restored.count()), (2, 2));
        assert_eq!(restored.judge(&Data::default()), action::ERRNO | 7);
        assert!(Seccomp::restore(&mut [0, 9, 9, 9, 9].as_slice()).is_none());
        assert!(first.can_become(&second) && !second.can_become(&first) && Seccomp::default().can_become(&first));
    }

    #[test]
    fn all_filters_together_have_a_length() {
        let long = vec![returns(0)[0]; filter::MAXIMUM_LENGTH];
        let mut all = Seccomp::default();
        let mut count = 0;
        while let Some(more) = all.with(long.clone()) {
            (all, count) = (more, count + 1);
        }
        assert_eq!(count, 7);
    }
}
