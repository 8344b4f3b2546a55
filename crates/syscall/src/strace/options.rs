//! What `armlet strace` shows, and how: `-e`, `-c`, `-t`, `-r`, `-T`, JSON.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::names;
use crate::abi::Abi;
use crate::row::{Arg, Row};

/// Times in front of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stamp {
    /// None.
    #[default]
    None,
    /// `-t`: the time of day in seconds.
    Seconds,
    /// `-tt`: with microseconds.
    Micros,
    /// `-ttt`: seconds since 1970, with microseconds.
    Epoch,
    /// `-r`: seconds since the line before.
    Relative,
}

/// What is counted instead of printed, or besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Summary {
    /// Nothing.
    #[default]
    None,
    /// `-c`: only the table at the end.
    Only,
    /// `-C`: the table too.
    Also,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Names of the system calls that are shown; all if not given.
    pub calls: Option<BTreeSet<String>>,
    /// Numbers of the signals that are shown; all if not given.
    pub signals: Option<BTreeSet<u32>>,
    /// The table.
    pub summary: Summary,
    /// Times.
    pub stamp: Stamp,
    /// `-T`: the time spent in each call.
    pub durations: bool,
    /// A line of JSON for each call.
    pub json: bool,
    /// What becomes of each call on the host.
    pub translation: bool,
    /// Only this process, not its children.
    pub only_process: Option<u32>,
    /// The file, if there is a `%p` in its name: each process has its own.
    pub numbered: Option<PathBuf>,
}

/// Names of x86-64 and of the C library for calls that arm64 has under another name only.
const ALIASES: [(&str, &str); 33] = [
    ("open", "openat"),
    ("creat", "openat"),
    ("stat", "newfstatat"),
    ("lstat", "newfstatat"),
    ("fstatat", "newfstatat"),
    ("access", "faccessat"),
    ("mkdir", "mkdirat"),
    ("mknod", "mknodat"),
    ("unlink", "unlinkat"),
    ("rmdir", "unlinkat"),
    ("rename", "renameat2"),
    ("link", "linkat"),
    ("symlink", "symlinkat"),
    ("readlink", "readlinkat"),
    ("chmod", "fchmodat"),
    ("chown", "fchownat"),
    ("lchown", "fchownat"),
    ("utimes", "utimensat"),
    ("utime", "utimensat"),
    ("pipe", "pipe2"),
    ("dup2", "dup3"),
    ("poll", "ppoll"),
    ("select", "pselect6"),
    ("epoll_create", "epoll_create1"),
    ("epoll_wait", "epoll_pwait"),
    ("inotify_init", "inotify_init1"),
    ("eventfd", "eventfd2"),
    ("signalfd", "signalfd4"),
    ("getdents", "getdents64"),
    ("fork", "clone"),
    ("vfork", "clone"),
    ("wait", "wait4"),
    ("pread", "pread64"),
];

const NETWORK: [&str; 19] = [
    "socket",
    "socketpair",
    "bind",
    "listen",
    "accept",
    "accept4",
    "connect",
    "getsockname",
    "getpeername",
    "sendto",
    "recvfrom",
    "setsockopt",
    "getsockopt",
    "shutdown",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "sendfile",
];
const PROCESS: [&str; 11] = [
    "clone",
    "clone3",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "wait4",
    "waitid",
    "pidfd_open",
    "pidfd_send_signal",
    "kill",
];
const MEMORY: [&str; 18] = [
    "brk",
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "madvise",
    "mlock",
    "mlock2",
    "munlock",
    "mlockall",
    "munlockall",
    "msync",
    "mincore",
    "mbind",
    "shmat",
    "shmdt",
    "membarrier",
    "remap_file_pages",
];
const SIGNAL: [&str; 14] = [
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigpending",
    "rt_sigtimedwait",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "rt_sigsuspend",
    "rt_sigreturn",
    "sigaltstack",
    "kill",
    "tkill",
    "tgkill",
    "signalfd4",
    "pidfd_send_signal",
];

/// The rows of both tables.
fn rows() -> impl Iterator<Item = &'static Row> {
    Abi::A64.table().into_iter().chain(Abi::A32.table())
}

/// The names of a class, `%file` and its like.
fn class(name: &str) -> Option<Vec<&'static str>> {
    let rows = |fits: &dyn Fn(&Row) -> bool| rows().filter(|row| fits(row)).map(|row| row.name).collect();
    let has = |row: &Row, fits: fn(&Arg) -> bool| row.arguments.iter().any(fits);
    Some(match name {
        "all" => rows(&|_| true),
        "file" => rows(&|row| has(row, |arg| matches!(arg, Arg::Path))),
        "desc" => rows(&|row| has(row, |arg| matches!(arg, Arg::Fd | Arg::DirFd))),
        "network" | "net" => NETWORK.to_vec(),
        "process" => PROCESS.to_vec(),
        "memory" => MEMORY.to_vec(),
        "signal" => SIGNAL.to_vec(),
        "ipc" => rows(&|row| ["msg", "sem", "shm"].iter().any(|start| row.name.starts_with(start))),
        _ => return None,
    })
}

impl Options {
    /// One `-e`: `trace=open,read`, `trace=%file`, `trace=!mmap`, `signal=SIGCHLD`, `signal=none`, or a list of calls alone.
    ///
    /// # Errors
    ///
    /// A sentence about what is not known.
    pub fn expression(&mut self, text: &str) -> Result<(), String> {
        let (what, list) = text.split_once('=').unwrap_or(("trace", text));
        let (not, list) = match list.strip_prefix('!') {
            Some(list) => (true, list),
            None => (false, list),
        };
        match what {
            "trace" | "t" => {
                let named = calls(list)?;
                self.calls = Some(if not {
                    let all = rows().map(|row| row.name.to_owned());
                    all.filter(|name| !named.contains(name)).collect()
                } else {
                    named
                });
            }
            "signal" | "signals" | "s" => {
                let named = signals(list)?;
                self.signals = Some(if not {
                    (1..=64).filter(|number| !named.contains(number)).collect()
                } else {
                    named
                });
            }
            _ => return Err(format!("-e {what}: armlet has trace= and signal=")),
        }
        Ok(())
    }

    /// Whether a call is of interest.
    pub(crate) fn shows(&self, name: &str) -> bool {
        self.calls.as_ref().is_none_or(|calls| calls.contains(name))
    }

    /// Whether a signal is.
    pub(crate) fn shows_signal(&self, number: u32) -> bool {
        self.signals.as_ref().is_none_or(|signals| signals.contains(&number))
    }
}

fn calls(list: &str) -> Result<BTreeSet<String>, String> {
    let mut set = BTreeSet::new();
    for name in list.split(',').filter(|name| !name.is_empty() && *name != "none") {
        if let Some(name) = name.strip_prefix('%') {
            let names = class(name).ok_or_else(|| {
                format!("no class of system calls is called %{name}: there are %file %desc %network %process %memory %signal %ipc")
            })?;
            set.extend(names.into_iter().map(str::to_owned));
            continue;
        }
        let (optional, name) = match name.strip_prefix('?') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let alias = ALIASES
            .iter()
            .find(|(alias, _)| *alias == name)
            .map_or(name, |(_, own)| own);
        let known = rows().any(|row| row.name == alias);
        if known {
            set.insert(alias.to_owned());
        } else if name == "all" {
            set.extend(class("all").unwrap_or_default().into_iter().map(str::to_owned));
        } else if !optional {
            return Err(format!("no system call of arm64 or arm is called {name:?}"));
        }
    }
    Ok(set)
}

fn signals(list: &str) -> Result<BTreeSet<u32>, String> {
    let mut set = BTreeSet::new();
    for name in list.split(',').filter(|name| !name.is_empty() && *name != "none") {
        let upper = name.to_uppercase();
        let found = (1..=64_u32).find(|&number| {
            let known = names::signal(number.into());
            known == upper || known.strip_prefix("SIG") == Some(&upper) || name == number.to_string()
        });
        match found {
            Some(number) => _ = set.insert(number),
            None if name == "all" => set.extend(1..=64),
            None => return Err(format!("no signal is called {name:?}")),
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Options, String> {
        let mut options = Options::default();
        options.expression(text).map(|()| options)
    }

    #[test]
    fn expressions() {
        let options = parsed("trace=open,read").expect("known");
        assert!(options.shows("openat") && options.shows("read") && !options.shows("write"));
        let options = parsed("%network").expect("known");
        assert!(options.shows("connect") && !options.shows("openat"));
        let options = parsed("trace=!%memory").expect("known");
        assert!(!options.shows("mmap") && options.shows("openat"));
        let options = parsed("t=%file").expect("known");
        assert!(options.shows("openat") && options.shows("execve") && !options.shows("close"));
        let options = parsed("signal=chld,SIGUSR1").expect("known");
        assert!(options.shows_signal(17) && options.shows_signal(10) && !options.shows_signal(2));
        assert!(!parsed("signal=none").expect("known").shows_signal(17));
        assert!(
            parsed("trace=none")
                .expect("known")
                .calls
                .is_some_and(|calls| calls.is_empty())
        );
        assert!(parsed("trace=opne").is_err() && parsed("%files").is_err() && parsed("abbrev=all").is_err());
        assert!(parsed("trace=?opne,read").is_ok());
    }

    #[test]
    fn every_name_here_is_a_call() {
        let known = |name: &&str| rows().any(|row| row.name == *name);
        for (_, own) in ALIASES {
            assert!(known(&own), "{own}");
        }
        // Some of these arm64 has and armlet refuses; a name that is in no table is a slip.
        for name in NETWORK.iter().chain(&PROCESS).chain(&MEMORY).chain(&SIGNAL) {
            let fits = known(name) || ["mbind", "remap_file_pages", "pidfd_send_signal"].contains(name);
            assert!(fits, "{name}");
        }
    }
}
