//! The arguments of a call, one kind after the other.

use armlet_memory as memory;

use super::{Line, STRING_LIMIT, decode, decode_a32, names, socket};
use crate::abi::Abi;
use crate::abi::a32::{F_GETLK64, F_SETLK64, F_SETLKW64};
use crate::call::PATH_MAX;
use crate::row::Arg;

/// Strings of an argument vector that are shown.
const STRINGS_LIMIT: u64 = 32;

impl Line<'_> {
    /// Prints argument `index`; nothing at all for one that is not shown.
    pub(super) fn put_argument(&mut self, index: usize, arg: Arg, value: u64) {
        match arg {
            Arg::Int | Arg::Id | Arg::Fd => self.put((value as i32).to_string()),
            Arg::UInt => self.put((value as u32).to_string()),
            Arg::Long | Arg::Wide | Arg::Halves | Arg::HalvesSwapped => self.put((value as i64).to_string()),
            Arg::ULong | Arg::Size => self.put(value.to_string()),
            Arg::Hex | Arg::WideHex => self.put(if value == 0 {
                "0".to_owned()
            } else {
                format!("{value:#x}")
            }),
            Arg::Hidden | Arg::HiddenPtr => {}
            Arg::DirFd if value as i32 == libc::AT_FDCWD => self.put("AT_FDCWD"),
            Arg::DirFd => self.put((value as i32).to_string()),
            Arg::Signal => self.put(names::signal(value)),
            Arg::Mode => self.put(names::octal(value)),
            Arg::CreateMode => {
                let flags = self.arg(index - 1) as u32;
                let creates = libc::O_CREAT as u32 | crate::abi::a64::O_TMPFILE & !crate::abi::a64::O_DIRECTORY;
                if flags & creates != 0 {
                    self.put(names::octal(value));
                }
            }
            Arg::FileMode => self.put(names::file_mode(value as u32)),
            Arg::Device => {
                if matches!(self.arg(index - 1) as u32 & libc::S_IFMT, libc::S_IFCHR | libc::S_IFBLK) {
                    self.put(format!("makedev({:#x}, {:#x})", libc::major(value), libc::minor(value)));
                }
            }
            Arg::StatxFlags => {
                let sync = (libc::AT_STATX_FORCE_SYNC | libc::AT_STATX_DONT_SYNC) as u64;
                let flags = names::AT.flags(value);
                self.put(match value {
                    0 => "AT_STATX_SYNC_AS_STAT".to_owned(),
                    _ if value & sync == 0 => format!("AT_STATX_SYNC_AS_STAT|{flags}"),
                    _ => flags,
                });
            }
            Arg::Open => {
                // Calls which make a descriptor without opening a file have no access mode.
                let names_file = self.row.name.contains("open") || self.row.name == "fanotify_init";
                let flags = value as u32;
                self.put(if names_file {
                    names::open_flags(flags)
                } else {
                    names::OPEN.flags(u64::from(flags))
                });
            }
            Arg::Map => self.put(map_flags(value)),
            Arg::CloneFlags => self.put_clone(),
            Arg::Futex => self.put(futex_operation(value)),
            Arg::FutexValue => self.put_futex(),
            Arg::Fcntl => self.put_fcntl(value),
            Arg::Ioctl => self.put_ioctl(value),
            Arg::Prctl => self.put_prctl(),
            Arg::SocketType => self.put(socket::socket_type(value)),
            Arg::SocketOption => self.put(socket::option(self.arg(index - 1), value)),
            Arg::Protocol => self.put(socket::protocol(self.arg(0), value)),
            Arg::IpcKey if value as i32 == libc::IPC_PRIVATE => self.put("IPC_PRIVATE"),
            Arg::IpcKey => self.put(format!("{:#x}", value as u32)),
            Arg::IpcFlags => {
                let flags = match value & !0o777 {
                    0 => String::new(),
                    flags => names::IPC.flags(flags) + "|",
                };
                self.put(flags + &names::octal(value & 0o777));
            }
            Arg::Flags(table) => self.put(table.flags(value)),
            Arg::Enum(table) => self.put(table.value(value as u32 as u64)),
            Arg::Ptr => self.put_pointer(value),
            Arg::Path => self.put_string(value, PATH_MAX),
            Arg::Str => self.put_string(value, STRING_LIMIT),
            Arg::StrOut if self.result().is_some() => self.put_string(value, PATH_MAX),
            Arg::BufIn(length) => self.put_bytes(value, self.arg(length.into()), quote),
            Arg::BufOut if self.result().is_some() => self.put_bytes(value, self.result().unwrap_or(0), quote),
            Arg::HexOut if self.result().is_some() => self.put_bytes(value, self.result().unwrap_or(0), quote_hex),
            Arg::In(decoder) => self.put_struct(decoder, value),
            Arg::Out(decoder) if self.result().is_some() => self.put_struct(decoder, value),
            Arg::InOut(decoder) => self.put_struct(decoder, value),
            Arg::StrOut | Arg::BufOut | Arg::HexOut | Arg::Out(_) => self.put_pointer(value),
            Arg::Strings => self.put_strings(value),
            Arg::Environment => self.put_environment(value),
        }
    }

    /// An address.
    pub(super) fn put_pointer(&mut self, address: u64) {
        self.put(if address == 0 {
            "NULL".to_owned()
        } else {
            format!("{address:#x}")
        });
    }

    /// A string, of which at most `limit` bytes are shown.
    pub(super) fn put_string(&mut self, address: u64, limit: usize) {
        match memory::read_cstr(address, limit + 1) {
            _ if address == 0 => self.put("NULL"),
            Err(_) => self.put_pointer(address),
            Ok(Some(bytes)) => self.put(quote(&bytes)),
            Ok(None) => {
                let mut bytes = vec![0; limit];
                match memory::read_bytes(address, &mut bytes) {
                    Ok(()) => self.put(quote(&bytes) + "..."),
                    Err(_) => self.put_pointer(address),
                }
            }
        }
    }

    /// Bytes, of which the first 32 are shown.
    pub(super) fn put_bytes(&mut self, address: u64, length: u64, quote: fn(&[u8]) -> String) {
        let shown = length.min(STRING_LIMIT as u64) as usize;
        let mut bytes = vec![0; shown];
        if address == 0 || memory::read_bytes(address, &mut bytes).is_err() {
            return self.put_pointer(address);
        }
        self.put(quote(&bytes));
        if length > shown as u64 {
            self.put("...");
        }
    }

    fn put_strings(&mut self, address: u64) {
        if address == 0 {
            return self.put("NULL");
        }
        let word = self.abi.word();
        self.put("[");
        for index in 0.. {
            let separator = if index == 0 { "" } else { ", " };
            match self.words(address.wrapping_add(word * index)) {
                Ok([0]) => break,
                Ok([_]) if index == STRINGS_LIMIT => {
                    self.put(", ...");
                    break;
                }
                Ok([string]) => {
                    self.put(separator);
                    self.put_string(string, STRING_LIMIT);
                }
                Err(_) => {
                    self.put(format!(
                        "{separator}... /* {:#x} */",
                        address.wrapping_add(word * index)
                    ));
                    break;
                }
            }
        }
        self.put("]");
    }

    fn put_environment(&mut self, address: u64) {
        self.put_pointer(address);
        if address != 0 {
            let pointers = (0..).map(|n| self.words(address.wrapping_add(self.abi.word() * n)));
            let count = pointers
                .take_while(|pointer| matches!(pointer, Ok([address]) if *address != 0))
                .count();
            self.put(format!(" /* {count} var{} */", if count == 1 { "" } else { "s" }));
        }
    }

    /// `clone`, whose arguments strace names and puts in the order of the library function.
    fn put_clone(&mut self) {
        let [flags, stack, parent, tls, child, _] = self.args;
        self.put("child_stack=");
        self.put_pointer(stack);
        self.put(format!(", flags={}", clone_flags(flags)));
        let has = |flag: i32| flags & flag as u64 != 0;
        if has(libc::CLONE_PARENT_SETTID | libc::CLONE_PIDFD) {
            self.put(format!(", parent_tid={parent:#x}"));
        }
        if has(libc::CLONE_SETTLS) {
            self.put(format!(", tls={tls:#x}"));
        }
        if has(libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID) {
            self.put(format!(", child_tidptr={child:#x}"));
        }
    }

    /// The arguments of `futex` from the third on: which there are depends on the operation.
    fn put_futex(&mut self) {
        let [_, operation, value, timeout, second, bits] = self.args;
        let timespec = match self.row.name {
            "futex" if self.abi == Abi::A32 => decode_a32::timespec,
            _ => decode::timespec,
        };
        let number = |value: u64| (value as u32).to_string();
        let bitset = |bits: u64| match bits as u32 {
            u32::MAX => "FUTEX_BITSET_MATCH_ANY".to_owned(),
            bits => format!("{bits:#x}"),
        };
        match operation as i32 & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME) {
            libc::FUTEX_WAIT => {
                self.put(number(value) + ", ");
                self.put_struct(timespec, timeout);
            }
            libc::FUTEX_WAIT_BITSET => {
                self.put(number(value) + ", ");
                self.put_struct(timespec, timeout);
                self.put(format!(", {}", bitset(bits)));
            }
            libc::FUTEX_WAKE => self.put(number(value)),
            libc::FUTEX_WAKE_BITSET => self.put(format!("{}, {}", number(value), bitset(bits))),
            libc::FUTEX_LOCK_PI | 13 => self.put_struct(timespec, timeout),
            libc::FUTEX_UNLOCK_PI | libc::FUTEX_TRYLOCK_PI => {}
            libc::FUTEX_REQUEUE => {
                self.put(format!("{}, {}, {second:#x}", number(value), number(timeout)));
            }
            libc::FUTEX_CMP_REQUEUE | libc::FUTEX_CMP_REQUEUE_PI => {
                self.put(format!(
                    "{}, {}, {second:#x}, {}",
                    number(value),
                    number(timeout),
                    number(bits)
                ));
            }
            _ => self.put(format!(
                "{}, {timeout:#x}, {second:#x}, {:#x}",
                number(value),
                bits as u32
            )),
        }
    }

    fn put_fcntl(&mut self, value: u64) {
        let narrow = self.abi == Abi::A32;
        match self.arg(1) as i32 {
            libc::F_GETLK if narrow => self.put_struct(decode_a32::flock_with_owner, value),
            libc::F_SETLK | libc::F_SETLKW if narrow => self.put_struct(decode_a32::flock, value),
            F_GETLK64 if narrow => self.put_struct(decode::flock_with_owner, value),
            F_SETLK64 | F_SETLKW64 if narrow => self.put_struct(decode::flock, value),
            libc::F_GETFD
            | libc::F_GETFL
            | libc::F_GETOWN
            | libc::F_GETPIPE_SZ
            | libc::F_GET_SEALS
            | libc::F_GETLEASE => {}
            libc::F_SETFD => self.put(names::FD.flags(value)),
            libc::F_SETFL => self.put(names::open_flags(value as u32)),
            libc::F_ADD_SEALS => self.put(names::SEAL.flags(value)),
            libc::F_GETLK | libc::F_OFD_GETLK => self.put_struct(decode::flock_with_owner, value),
            libc::F_SETLK | libc::F_SETLKW | libc::F_OFD_SETLK | libc::F_OFD_SETLKW => {
                self.put_struct(decode::flock, value);
            }
            _ => self.put((value as i64).to_string()),
        }
    }

    fn put_ioctl(&mut self, value: u64) {
        let stored = self.result().is_some();
        match self.arg(1) {
            libc::TCSETS | libc::TCSETSW | libc::TCSETSF => self.put_struct(decode::termios, value),
            libc::TCGETS if stored => self.put_struct(decode::termios, value),
            libc::TIOCSWINSZ => self.put_struct(decode::winsize, value),
            libc::TIOCGWINSZ if stored => self.put_struct(decode::winsize, value),
            libc::TIOCSPGRP | libc::FIONBIO => self.put_struct(decode::int, value),
            libc::TIOCGPGRP | libc::FIONREAD | libc::TIOCOUTQ | libc::TIOCGSID if stored => {
                self.put_struct(decode::int, value);
            }
            libc::FIOCLEX | libc::FIONCLEX | libc::TIOCNOTTY => {}
            _ => self.put_pointer(value),
        }
    }

    /// The arguments of `prctl` from the second on.
    fn put_prctl(&mut self) {
        let [option, second, third, fourth, fifth, _] = self.args;
        match option as i32 {
            libc::PR_SET_NAME => self.put_string(second, STRING_LIMIT),
            libc::PR_SET_PDEATHSIG => self.put(names::signal(second)),
            libc::PR_GET_DUMPABLE | libc::PR_GET_KEEPCAPS | libc::PR_GET_TIMERSLACK => {}
            libc::PR_SET_DUMPABLE | libc::PR_SET_KEEPCAPS | libc::PR_SET_TIMERSLACK | libc::PR_SET_CHILD_SUBREAPER => {
                self.put(second.to_string());
            }
            libc::PR_GET_NAME | libc::PR_GET_PDEATHSIG | libc::PR_GET_CHILD_SUBREAPER => self.put_pointer(second),
            _ => {
                self.put([second, third, fourth, fifth].map(names::hex).join(", "));
            }
        }
    }

    /// What strace adds to the result in parentheses: which descriptors are ready.
    pub(super) fn explanation(&self, value: u64) -> Option<String> {
        match (self.row.name, value) {
            ("ppoll" | "pselect6" | "poll" | "_newselect" | "ppoll_time64" | "pselect6_time64", 0) => {
                Some("Timeout".to_owned())
            }
            ("ppoll", _) if self.abi == Abi::A32 => decode_a32::ready(self.args[0], self.args[1], self.args[2]),
            ("poll", _) => decode::ready(self.args[0], self.args[1], 0),
            ("ppoll" | "ppoll_time64", _) => decode::ready(self.args[0], self.args[1], self.args[2]),
            _ => None,
        }
    }
}

fn map_flags(value: u64) -> String {
    let kind = names::MAP_TYPE.value(value & 15);
    match value & !15 {
        0 => kind,
        rest => format!("{kind}|{}", names::MAP.flags(rest)),
    }
}

/// Clone flags with the exit signal in the lowest byte.
pub(super) fn clone_flags(flags: u64) -> String {
    match (flags & !0xff, flags & 0xff) {
        (flags, 0) => names::CLONE.flags(flags),
        (0, signal) => names::signal(signal),
        (flags, signal) => format!("{}|{}", names::CLONE.flags(flags), names::signal(signal)),
    }
}

fn futex_operation(value: u64) -> String {
    let flags = value as i32 & (libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);
    let name = names::FUTEX.value((value as i32 & !flags) as u64);
    let private = if flags & libc::FUTEX_PRIVATE_FLAG != 0 {
        "_PRIVATE"
    } else {
        ""
    };
    let clock = if flags & libc::FUTEX_CLOCK_REALTIME != 0 {
        "|FUTEX_CLOCK_REALTIME"
    } else {
        ""
    };
    format!("{name}{private}{clock}")
}

/// Bytes as a C string.
pub(super) fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x0b => text.push_str("\\v"),
            0x0c => text.push_str("\\f"),
            b' '..=b'~' => text.push(byte.into()),
            // Short, unless a digit follows that would be taken for a part of it.
            _ if bytes.get(index + 1).is_some_and(u8::is_ascii_digit) => text.push_str(&format!("\\{byte:03o}")),
            _ => text.push_str(&format!("\\{byte:o}")),
        }
    }
    text.push('"');
    text
}

/// Bytes in hexadecimal.
fn quote_hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{digits}\"")
}
