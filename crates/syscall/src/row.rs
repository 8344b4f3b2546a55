//! What a row of the system-call table is made of, and the macro that makes one pleasant to read.

use armlet_cpu::Fault;
use armlet_cpu::a64::State;

use crate::call::Call;
use crate::strace::Line;
use crate::strace::names::Names;
use crate::{Errno, Reply, Restart};

/// How a structure in guest memory is printed: reads it first, then writes its text to the line.
pub type Decoder = fn(&mut Line<'_>, u64) -> Result<(), Fault>;

/// The type of an argument: how it is printed, and whether it is a pointer.
#[derive(Clone, Copy)]
pub enum Arg {
    /// A 32-bit signed number.
    Int,
    /// A 32-bit unsigned number.
    UInt,
    /// A signed number of the width of a `long`.
    Long,
    /// An unsigned number of the width of a `long`.
    ULong,
    /// A 64-bit signed number: on AArch32 in an even register and the next, on AArch64 in one register.
    Wide,
    /// A 64-bit unsigned number, printed in hexadecimal, in the same registers.
    WideHex,
    /// A 64-bit signed number in two arguments of type `long`, the lower half first (`preadv`); one register on AArch64.
    Halves,
    /// The same with the upper half first (`_llseek`).
    HalvesSwapped,
    /// A length in bytes.
    Size,
    /// A number that is read best in hexadecimal; may be anything.
    Hex,
    /// A user or group id; -1 means "leave it".
    Id,
    /// Not printed: the upper half of an offset that is already whole, or printed with another argument.
    Hidden,
    /// A pointer that is printed with another argument.
    HiddenPtr,
    /// A file descriptor.
    Fd,
    /// A file descriptor that a path is relative to.
    DirFd,
    /// A signal number.
    Signal,
    /// Permission bits.
    Mode,
    /// Permission bits, printed only if the flags before it create a file.
    CreateMode,
    /// File type and permission bits.
    FileMode,
    /// The device of `mknodat`, printed only if the mode before it is that of one.
    Device,
    /// The flags of `statx`.
    StatxFlags,
    /// `O_*` of arm64.
    Open,
    /// `MAP_*`.
    Map,
    /// The first argument of `clone`, printed together with all others.
    CloneFlags,
    /// A futex operation.
    Futex,
    /// The third argument of `futex`, printed together with those behind it.
    FutexValue,
    /// The third argument of `fcntl`.
    Fcntl,
    /// The third argument of `ioctl`.
    Ioctl,
    /// The second argument of `prctl`, printed together with those behind it.
    Prctl,
    /// `SOCK_*`: a type and flags.
    SocketType,
    /// A socket option of the level in the argument before.
    SocketOption,
    /// A protocol of the address family in the first argument.
    Protocol,
    /// A System V IPC key.
    IpcKey,
    /// `IPC_*` flags with permission bits.
    IpcFlags,
    /// Any combination of the names.
    Flags(&'static Names),
    /// One of the names.
    Enum(&'static Names),
    /// A pointer that is not followed.
    Ptr,
    /// A path.
    Path,
    /// A string.
    Str,
    /// A string that the call stores.
    StrOut,
    /// Bytes that the call reads; the length is in the argument of that index.
    BufIn(u8),
    /// Bytes that the call stores; the length is the result.
    BufOut,
    /// The same, printed in hexadecimal.
    HexOut,
    /// A structure that the call reads.
    In(Decoder),
    /// A structure that the call stores.
    Out(Decoder),
    /// A number that the call reads and stores: `[16]`, or `[16 => 2]` if it has changed.
    InOut(Decoder),
    /// A NULL-terminated vector of strings.
    Strings,
    /// A NULL-terminated vector of strings of which only the length is of interest.
    Environment,
}

impl Arg {
    /// Whether the argument is an address, whose tag (bits 56 to 63) is to be ignored.
    pub const fn is_pointer(self) -> bool {
        matches!(
            self,
            Arg::Ptr
                | Arg::Path
                | Arg::Str
                | Arg::StrOut
                | Arg::BufIn(_)
                | Arg::BufOut
                | Arg::In(_)
                | Arg::Out(_)
                | Arg::InOut(_)
                | Arg::Strings
                | Arg::Environment
                | Arg::HiddenPtr
                | Arg::HexOut
                | Arg::Fcntl
                | Arg::Ioctl
                | Arg::Prctl
        )
    }
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A signed number.
    Number,
    /// An address, or anything that is read best in hexadecimal.
    Address,
    /// Permission bits.
    Octal,
    /// Depends on the command of `fcntl`.
    Fcntl,
}

/// What is done for a call.
#[derive(Clone, Copy)]
pub enum Action {
    /// The host's call of this number, with the same arguments.
    Host(i64),
    /// A function of this crate.
    Run(fn(&mut Call<'_>) -> Reply),
    /// Deliberately refused, with the error and the reason.
    Refuse(Errno, &'static str),
}

/// The right-hand side of a row.
#[derive(Clone, Copy)]
pub struct Behaviour {
    action: Action,
    restart: Option<Restart>,
}

impl Behaviour {
    /// The call can wait, and this is what becomes of it when a signal interrupts it.
    pub const fn blocks(self, restart: Restart) -> Behaviour {
        Behaviour {
            restart: Some(restart),
            ..self
        }
    }
}

/// The host's call of that number, with the same arguments.
pub const fn host(number: i64) -> Behaviour {
    Behaviour {
        action: Action::Host(number),
        restart: None,
    }
}

/// A function of this crate.
pub const fn run(handler: fn(&mut Call<'_>) -> Reply) -> Behaviour {
    Behaviour {
        action: Action::Run(handler),
        restart: None,
    }
}

/// Deliberately refused.
pub const fn refuse(errno: Errno, reason: &'static str) -> Behaviour {
    Behaviour {
        action: Action::Refuse(errno, reason),
        restart: None,
    }
}

/// Where an argument is on AArch32: the registers are R0 to R5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// One register, zero-extended.
    One(u8),
    /// One register, sign-extended.
    Signed(u8),
    /// Two registers: those of the lower and of the upper half.
    Two(u8, u8),
}

/// One system call of a table.
pub struct Row {
    /// Its number, in X8 or R7.
    pub number: u32,
    /// Its name in unistd.h.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: &'static [Arg],
    /// Its result.
    pub answer: Answer,
    /// What is done.
    pub action: Action,
    /// If it can wait: what becomes of it when a signal interrupts it.
    pub restart: Option<Restart>,
    /// Bit `i` is set if argument `i` is a pointer.
    pub pointers: u8,
    /// Where the arguments are on AArch32.
    places: [Place; 6],
}

impl Row {
    /// A row from its parts; the macro's helper.
    pub const fn new(
        number: u32,
        name: &'static str,
        arguments: &'static [Arg],
        answer: Answer,
        behaviour: Behaviour,
    ) -> Row {
        assert!(arguments.len() <= 6, "a system call has at most six arguments");
        let mut pointers = 0;
        let mut i = 0;
        while i < arguments.len() {
            pointers |= (arguments[i].is_pointer() as u8) << i;
            i += 1;
        }
        let mut places = [Place::One(0); 6];
        let (mut i, mut register) = (0, 0);
        while i < places.len() {
            let arg = if i < arguments.len() { arguments[i] } else { Arg::Hex };
            places[i] = match arg {
                Arg::Wide | Arg::WideHex => {
                    register += register & 1;
                    Place::Two(register, register + 1)
                }
                Arg::Halves => Place::Two(register, register + 1),
                Arg::HalvesSwapped => Place::Two(register + 1, register),
                Arg::Long => Place::Signed(register),
                _ => Place::One(register),
            };
            register += if matches!(places[i], Place::Two(..)) { 2 } else { 1 };
            assert!(i >= arguments.len() || register <= 7, "arguments are in R0 to R6");
            i += 1;
        }
        Row {
            number,
            name,
            arguments,
            answer,
            action: behaviour.action,
            restart: behaviour.restart,
            pointers,
            places,
        }
    }

    /// The arguments of a call that an AArch32 guest makes, in the order of the row.
    #[inline]
    pub fn arguments_a32(&self, state: &State) -> [u64; 6] {
        self.places.map(|place| match place {
            Place::One(n) => state.w(n).into(),
            Place::Signed(n) => i64::from(state.w(n) as i32) as u64,
            Place::Two(low, high) => u64::from(state.w(low)) | u64::from(state.w(high)) << 32,
        })
    }

    /// Whether the arguments of an AArch32 guest are R0 to R5 as they are, zero-extended.
    pub fn is_plain_a32(&self) -> bool {
        let plain = |(n, place): (u8, &Place)| *place == Place::One(n);
        (0..).zip(&self.places[..self.arguments.len()]).all(plain)
    }

    /// One line for the coverage page.
    pub fn status(&self) -> String {
        match self.action {
            Action::Host(_) => "passed to the host".to_owned(),
            Action::Run(_) => "translated".to_owned(),
            Action::Refuse(errno, reason) => format!("refused with {errno:?}: {reason}"),
        }
    }

    /// Whether a program gets what it asks for (as opposed to a deliberate refusal).
    pub fn is_served(&self) -> bool {
        !matches!(self.action, Action::Refuse(..))
    }
}

/// The name of the function that looks a number up, `from` the lowest number, then `number name(arguments) [-> answer] = behaviour;` once per call, in ascending order.
macro_rules! syscalls {
    (@answer) => { $crate::row::Answer::Number };
    (@answer $answer:ident) => { $crate::row::Answer::$answer };
    ($lookup:ident from $base:literal: $($number:literal $name:ident($($arg:expr),*) $(-> $answer:ident)? = $behaviour:expr;)*) => {
        /// The number from which the table counts.
        const BASE: usize = $base;

        /// Every call of the table, in the order of the numbers.
        pub static TABLE: &[Row] = &[
            $(Row::new(
                $number,
                stringify!($name),
                &[$($arg),*],
                $crate::row::syscalls!(@answer $($answer)?),
                $behaviour,
            ),)*
        ];

        /// One past the highest number, counted from the lowest.
        pub const LIMIT: usize = {
            let mut limit = 0;
            $(
                assert!($number - BASE >= limit, "rows are in ascending order");
                limit = $number - BASE + 1;
            )*
            limit
        };

        /// Where a number's row is in the table, plus one; 0 if there is none.
        static INDEX: [u16; LIMIT] = {
            let mut index = [0; LIMIT];
            let mut next = 0;
            $(
                next += 1;
                index[$number - BASE] = next;
            )*
            index
        };

        /// The row of a number of this table.
        #[inline]
        pub fn $lookup(number: u64) -> Option<&'static Row> {
            let index = *INDEX.get(usize::try_from(number).ok()?.wrapping_sub(BASE))?;
            TABLE.get(usize::from(index).wrapping_sub(1))
        }
    };
}
pub(crate) use syscalls;
