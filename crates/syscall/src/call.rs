//! One system call under way: its arguments, and the ways in which handlers reach the host and the guest's memory. What the
//! single calls do is in the handlers' modules.

use std::ffi::CString;

use armlet_cpu::a64::State;
use armlet_cpu::{Fault, Trap};
use armlet_memory::{self as memory, Plain, ticks, untag};

use crate::abi::Abi;
use crate::row::{Action, Row};
use crate::seccomp::{self, Verdict};
use crate::strace::translation;
use crate::task::{Break, Outcome, Reply, Restart, Task};
use crate::{Errno, host, net};

/// Linux's PATH_MAX: bytes in a path, its NUL included.
pub const PATH_MAX: usize = 4096;

/// A system call under way.
pub struct Call<'a> {
    /// Its row.
    pub row: &'static Row,
    /// Whose call it is.
    pub abi: Abi,
    /// The arguments in the order of the row: X0 to X5, or what stands in R0 to R6. Tags are gone from those that are pointers.
    pub args: [u64; 6],
    /// The registers of the guest thread.
    pub state: &'a mut State,
    /// The guest thread.
    pub task: &'a mut dyn Task,
}

impl Call<'_> {
    /// Argument `index` as the C type `int`.
    #[inline]
    pub fn int(&self, index: usize) -> i32 {
        self.args[index] as i32
    }

    /// Makes a host call that cannot wait.
    #[inline]
    pub fn host<const N: usize>(&self, number: i64, args: [u64; N]) -> Result<u64, Errno> {
        // SAFETY: the arguments are the guest's own, or point to memory that the handler lends for the call. That a guest may
        // name any address of the process is the premise of the identity mapping (see armlet-memory); handlers that map or
        // unmap memory go through the address space and not through here.
        let result = ticks::host(|| unsafe { host::call(number, six(args)) });
        if translation::is_wanted() {
            translation::note(number, six(args), result);
        }
        result
    }

    /// Makes a host call that can wait. A signal that is already pending comes first: it is delivered before the call, as it
    /// would be on the bare machine. One that interrupts the wait ends it in the way that the row says.
    #[inline]
    pub fn wait<const N: usize>(&mut self, number: i64, args: [u64; N]) -> Reply {
        match self.enter(number, args) {
            Err(Errno::ERESTARTNOINTR) => Err(self.again()),
            Err(Errno::EINTR) => Err(self.interrupted()),
            reply => Ok(reply?),
        }
    }

    /// The same under a signal mask that holds for the length of the call only: a signal that the mask lets through belongs to
    /// the call, so that it ends the wait even if it was pending before.
    pub fn wait_under_mask<const N: usize>(&mut self, mask: u64, number: i64, args: [u64; N]) -> Reply {
        self.task.set_temporary_signal_mask(mask);
        match self.enter(number, args) {
            // The mask stays for the delivery.
            Err(Errno::ERESTARTNOINTR | Errno::EINTR) => Err(self.interrupted()),
            reply => {
                self.task.restore_signal_mask();
                Ok(reply?)
            }
        }
    }

    fn enter<const N: usize>(&self, number: i64, args: [u64; N]) -> Result<u64, Errno> {
        // SAFETY: as for `host`.
        let result = ticks::host(|| unsafe { host::interruptible(number, six(args), self.task.pending()) });
        if translation::is_wanted() {
            translation::note(number, six(args), result);
        }
        result
    }

    /// What the row makes of EINTR.
    fn interrupted(&self) -> Break {
        match self.row.restart {
            Some(Restart::Sys) if net::has_timeout(self) => Break::Restart(Restart::Never),
            Some(restart) => Break::Restart(restart),
            None => Break::Errno(Errno::EINTR),
        }
    }

    /// Starts the call again in every case (the kernel's `ERESTARTNOINTR`): signals are delivered before the same SVC.
    pub(crate) fn again(&mut self) -> Break {
        self.state.pc = self.state.pc.wrapping_sub(self.abi.svc_length(self.state));
        Break::Resume
    }

    /// The row's own host call, waiting if the row says that it can.
    #[inline]
    pub fn pass(&mut self, number: i64) -> Reply {
        match self.row.restart {
            None => Ok(self.host(number, self.args)?),
            Some(_) => self.wait(number, self.args),
        }
    }

    /// Reads a structure; its address may not be 0.
    pub fn read<T: Plain>(&self, address: u64) -> Result<T, Fault> {
        memory::read_struct(address)
    }

    /// Reads the structure that an argument may point to; `None` for a null pointer.
    pub fn read_optional<T: Plain>(&self, address: u64) -> Result<Option<T>, Fault> {
        if address == 0 {
            Ok(None)
        } else {
            self.read(address).map(Some)
        }
    }

    /// Stores a structure.
    pub fn write<T: Plain>(&self, address: u64, value: &T) -> Result<(), Fault> {
        memory::write_struct(address, value)
    }

    /// Reads guest words (pointers, `long`s), which are as wide as the ABI has them; zero-extended.
    pub fn words<const N: usize>(&self, address: u64) -> Result<[u64; N], Fault> {
        match self.abi {
            Abi::A64 => self.read::<[u64; N]>(address),
            Abi::A32 => self.read::<[u32; N]>(address).map(|words| words.map(u64::from)),
        }
    }

    /// The path at a guest address. ENAMETOOLONG if it does not end in time.
    pub fn path(&self, address: u64) -> Result<CString, Break> {
        let bytes = memory::read_cstr(address, PATH_MAX)?.ok_or(Errno::ENAMETOOLONG)?;
        CString::new(bytes).map_err(|_| Errno::EINVAL.into())
    }

    /// A signal set as `rt_sig*` calls take it: its size must be 8. `None` for a null pointer.
    pub fn signal_set(&self, address: u64, size: u64) -> Result<Option<u64>, Break> {
        if address == 0 {
            return Ok(None);
        }
        if size != 8 {
            return Err(Errno::EINVAL.into());
        }
        Ok(Some(self.read::<u64>(address)? & !UNBLOCKABLE))
    }
}

/// SIGKILL and SIGSTOP, as bits of a signal set.
pub const UNBLOCKABLE: u64 = 1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1);

/// Fills up with zeros.
fn six<const N: usize>(args: [u64; N]) -> [u64; 6] {
    const { assert!(N <= 6) };
    let mut all = [0; 6];
    all[..N].copy_from_slice(&args);
    all
}

/// A system call that is the host's with the same arguments, so that an engine can make it from the guest's code, as long as nobody
/// filters or watches calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direct {
    /// The host's number.
    pub number: i64,
    /// How many arguments it has.
    pub arguments: u8,
    /// Bit `i` is set if argument `i` is a pointer, whose tag is to be removed (AArch64).
    pub pointers: u8,
    /// It can wait: it is to be made as [`host::interruptible`] does, and if it ends with EINTR, [`interrupted`] tells what comes of it.
    pub waits: bool,
}

/// How an engine can make a guest's call of that number.
#[must_use]
pub fn direct(abi: Abi, number: u64) -> Option<Direct> {
    let row = abi.row(number)?;
    match row.action {
        Action::Host(host) if abi == Abi::A64 || row.is_plain_a32() => Some(Direct {
            number: host,
            arguments: row.arguments.len() as u8,
            pointers: row.pointers,
            waits: row.restart.is_some(),
        }),
        Action::Host(_) | Action::Run(_) | Action::Refuse(..) => None,
    }
}

/// What becomes of a [`Direct`] call that a signal has interrupted. The registers are as they were before it; the PC stands behind the SVC.
pub fn interrupted(task: &mut dyn Task, state: &mut State) -> Outcome {
    let abi = task.abi();
    let Some(row) = abi.row(abi.register(state, abi.number_register())) else {
        return Outcome::Continue;
    };
    let args = arguments(row, abi, state);
    let call = Call {
        row,
        abi,
        args,
        state,
        task,
    };
    let end = call.interrupted();
    conclude(abi, call.state, Err(end))
}

/// The arguments of a call, in the order of its row, without the tags of pointers.
#[inline]
fn arguments(row: &Row, abi: Abi, state: &State) -> [u64; 6] {
    let mut args = match abi {
        Abi::A64 => [state.x(0), state.x(1), state.x(2), state.x(3), state.x(4), state.x(5)],
        Abi::A32 => row.arguments_a32(state),
    };
    if row.pointers != 0 && abi == Abi::A64 {
        for (index, arg) in args.iter_mut().enumerate() {
            if row.pointers >> index & 1 != 0 {
                *arg = untag(*arg);
            }
        }
    }
    args
}

/// Stores a call's result, or says how it goes on.
#[inline]
fn conclude(abi: Abi, state: &mut State, reply: Reply) -> Outcome {
    match reply {
        Ok(value) => {
            abi.set_result(state, value);
            Outcome::Continue
        }
        Err(Break::Errno(errno)) => {
            abi.set_result(state, errno.to_guest());
            Outcome::Continue
        }
        Err(Break::Restart(restart)) => Outcome::Restart(restart),
        Err(Break::Resume) => Outcome::Resume,
        Err(Break::Trap(trap)) => Outcome::Trap(trap),
        Err(Break::ExitThread(status)) => Outcome::ExitThread(status),
        Err(Break::ExitProcess(status)) => Outcome::ExitProcess(status),
    }
}

/// Performs the system call whose number is in X8 and whose arguments are in X0 to X5 (AArch32: R7, and R0 to R6). The PC stands
/// behind the SVC.
///
/// Calls which are not in the table end with ENOSYS; so do some that are, for the reason that their row gives.
pub fn dispatch(task: &mut dyn Task, state: &mut State) -> Outcome {
    let abi = task.abi();
    let number = abi.register(state, abi.number_register());
    let refused = if seccomp::is_active() {
        match seccomp::judge(task, state) {
            Verdict::Go => None,
            Verdict::Answer(reply) => Some(reply),
            Verdict::End(outcome) => return outcome,
        }
    } else {
        None
    };
    let Some(row) = abi.row(number) else {
        if let Some(strace) = task.strace() {
            strace.unknown(number, abi, state);
        }
        if refused.is_none() && abi == Abi::A32 && crate::table_a32::is_illegal(number) {
            return Outcome::Trap(Trap::Undefined);
        }
        let reply = refused.unwrap_or(Err(Errno::ENOSYS));
        abi.set_result(state, reply.unwrap_or_else(Errno::to_guest));
        return Outcome::Continue;
    };
    let args = arguments(row, abi, state);
    let line = task.strace().map(|strace| strace.enter(row, abi, args));
    let mut call = Call {
        row,
        abi,
        args,
        state,
        task,
    };
    let reply = match (refused, row.action) {
        (Some(reply), _) => reply.map_err(Break::Errno),
        (None, Action::Host(number)) => call.pass(number),
        (None, Action::Run(handler)) => handler(&mut call),
        (None, Action::Refuse(errno, _)) => Err(Break::Errno(errno)),
    };
    if let (Some(line), Some(strace)) = (line, call.task.strace()) {
        strace.leave(line, reply);
    }
    conclude(abi, call.state, reply)
}
