//! `execve`: an ARM program runs in a new armlet, a script through its interpreter, everything else natively. What can fail is tried
//! before anything is lost.

use std::convert::Infallible;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use armlet_loader::{ElfError, elf};
use armlet_observe::End;
use armlet_syscall::process::limits;
use armlet_syscall::task::Exec;
use armlet_syscall::{Errno, fs, host};

use crate::handover::Handover;
use crate::signal::host as signals;
use crate::thread::{Thread, quiet_call};

/// Interpreters of interpreters, as the kernel limits them.
const SCRIPT_DEPTH: usize = 5;
/// Bytes of a script's first line that are looked at (`BINPRM_BUF_SIZE`).
const FIRST_LINE: usize = 256;
/// A 64-bit, a 32-bit ARM program.
const EM_AARCH64: u16 = 183;
const EM_ARM: u16 = 40;

/// What a file is, as far as execve(2) is concerned.
enum Kind {
    /// For this armlet.
    Arm(File),
    /// `#!`: the interpreter and its argument.
    Script(CString, Option<CString>),
    /// The host's kernel knows, or refuses it.
    Host,
}

/// What the host's execve reads. Kept with the thread: when it succeeds in a child of `vfork`, nobody but the parent is left to
/// free it.
pub(crate) struct Leaving {
    path: CString,
    /// Addresses of strings, with a null pointer at the end.
    argv: Vec<u64>,
    envp: Vec<u64>,
    /// What they point to.
    _strings: [Vec<CString>; 2],
}

impl Leaving {
    fn new(path: CString, arguments: Vec<CString>, environment: Vec<CString>) -> Leaving {
        let pointers = |strings: &[CString]| strings.iter().map(|string| string.as_ptr() as u64).chain([0]).collect();
        Leaving {
            path,
            argv: pointers(&arguments),
            envp: pointers(&environment),
            _strings: [arguments, environment],
        }
    }
}

impl Thread {
    /// Replaces the program of this process.
    pub(crate) fn replace_program(&mut self, mut exec: Exec) -> Result<Infallible, Errno> {
        if exec.arguments.is_empty() {
            // As Linux since 5.18.
            exec.arguments.push(CString::default());
        }
        let sysroot = self.process.program.options.settings.sysroot.clone();
        if let Program::Arm { file, path, arguments } = find(&exec, sysroot.as_deref())? {
            return self.run_in_armlet(&file, path, arguments, exec.environment);
        }
        // A native program, or a script that ends at one: the host's kernel does all of it. It would not be held by the guest's filters.
        if self.mailbox.seccomp().mode() != 0 {
            return Err(Errno::EACCES);
        }
        drop(sysroot);
        let leaving = Leaving::new(exec.path, exec.arguments, exec.environment);
        Err(self.leave(leaving, exec.dirfd, exec.flags, self.mask()))
    }

    fn run_in_armlet(
        &mut self,
        program: &File,
        path: CString,
        arguments: Vec<CString>,
        mut environment: Vec<CString>,
    ) -> Result<Infallible, Errno> {
        let parsed = elf::FileSource::new(program)
            .map_err(ElfError::from)
            .and_then(|source| elf::Elf::parse(&source))
            .map_err(|error| match error {
                ElfError::Read(error) => Errno::from(error),
                _ => Errno::ENOEXEC,
            })?;
        if let Some(linker) = parsed.interpreter {
            let linker = CString::new(linker.as_os_str().as_bytes()).map_err(|_| Errno::ENOEXEC)?;
            let sysroot = self.process.program.options.settings.sysroot.as_deref();
            inspect(libc::AT_FDCWD, &below(sysroot, &linker), 0)?;
        }
        let executable = true_path(program).unwrap_or_else(|| Path::new(OsStr::from_bytes(path.as_bytes())).into());
        let strace = self.process.program.strace.as_ref();
        // Copies that stay open across execve.
        let mut copies = Vec::new();
        let mut inheritable = |descriptor| {
            let copy = fs::duplicate(descriptor, libc::F_DUPFD)?;
            copies.push(copy);
            Ok::<_, Errno>(copy)
        };
        let (own, own_path) = fs::binary();
        let program = inheritable(program.as_raw_fd())?;
        let strace = strace.map(|strace| inheritable(strace.descriptor())).transpose()?;
        let binary = if own_path.is_empty() {
            Some(inheritable(own)?)
        } else {
            None
        };
        let seccomp = self.mailbox.seccomp();
        let seccomp = if seccomp.mode() == 0 {
            None
        } else {
            let mut file = memory_file(c"armlet-seccomp")?;
            seccomp.save(&mut file)?;
            Some(inheritable(file.as_raw_fd())?)
        };
        let limits = limits::kept();
        let mut options = self.process.program.options.clone();
        let stack = limits.iter().find(|limit| limit.0 == libc::RLIMIT_STACK);
        options.stack_size = stack.map_or(options.stack_size, |&(_, soft, _)| Some(soft));
        let handover = Handover {
            executable,
            program,
            path,
            mask: self.mask(),
            strace,
            binary,
            seccomp,
            limits,
            options,
        };
        environment.push(handover.encode());
        drop(handover);
        let leaving = Leaving::new(own_path.into(), arguments, environment);
        let flags = if own_path.is_empty() { libc::AT_EMPTY_PATH } else { 0 };
        let error = self.leave(leaving, own, flags as u32, signals::ALL);
        for descriptor in copies {
            quiet_call(libc::SYS_close, [descriptor as u64]);
        }
        Err(error)
    }

    /// The host's execve under that signal mask. Signals that have arrived wait in the kernel for the next program. Comes back
    /// only with its error.
    fn leave(&mut self, leaving: Leaving, dirfd: i32, flags: u32, mask: u64) -> Errno {
        self.tell(End::Replaced);
        self.report_statistics("replaced");
        signals::set_mask(signals::ALL);
        self.mailbox.return_to_kernel();
        if let Some(strace) = &self.process.program.strace {
            strace.replaced();
        }
        self.process.actions.before_exec();
        let Leaving { path, argv, envp, .. } = self.leaving.insert(leaving);
        let [path, argv, envp] = [path.as_ptr() as u64, argv.as_ptr() as u64, envp.as_ptr() as u64];
        signals::set_mask(mask);
        // SAFETY: the strings live across the call; if it succeeds, nothing of this program is left.
        let result = unsafe {
            host::call(
                libc::SYS_execveat,
                [dirfd as u64, path, argv, envp, u64::from(flags), 0],
            )
        };
        self.leaving = None;
        self.process.actions.after_failed_exec();
        self.mailbox.set_mask(self.mask());
        result.err().unwrap_or(Errno::ENOSYS)
    }
}

/// A new file in memory.
fn memory_file(name: &CStr) -> Result<File, Errno> {
    let args = [name.as_ptr() as u64, libc::MFD_CLOEXEC.into(), 0, 0, 0, 0];
    // SAFETY: only makes a descriptor, which is nobody else's.
    unsafe { host::call(libc::SYS_memfd_create, args).map(|descriptor| File::from_raw_fd(descriptor as i32)) }
}

/// The path by which the kernel knows an open file: absolute, and without symbolic links. `None` without /proc.
pub(crate) fn true_path(file: &File) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// What is to be executed in the end.
pub(crate) enum Program {
    /// An ARM program, its path for AT_EXECFN, and its arguments.
    Arm {
        file: File,
        path: CString,
        arguments: Vec<CString>,
    },
    /// Something that the host's kernel runs, or refuses.
    Host,
}

/// Follows scripts to their interpreters, which are looked up below the sysroot first.
pub(crate) fn find(exec: &Exec, sysroot: Option<&Path>) -> Result<Program, Errno> {
    let mut kind = inspect(exec.dirfd, &exec.path, exec.flags)?;
    let mut path = name(exec);
    let mut arguments = exec.arguments.clone();
    for _ in 0..=SCRIPT_DEPTH {
        let (interpreter, argument) = match kind {
            Kind::Arm(file) => return Ok(Program::Arm { file, path, arguments }),
            Kind::Host => return Ok(Program::Host),
            Kind::Script(interpreter, argument) => (interpreter, argument),
        };
        let mut line = vec![interpreter.clone()];
        line.extend(argument);
        line.push(path);
        let own_name = ..arguments.len().min(1);
        arguments.splice(own_name, line);
        path = interpreter;
        kind = inspect(libc::AT_FDCWD, &below(sysroot, &path), 0)?;
    }
    Err(Errno::ELOOP)
}

/// What stands behind the `#!` of a script.
pub(crate) fn interpreter_of(path: &CStr) -> Option<CString> {
    match inspect(libc::AT_FDCWD, path, 0) {
        Ok(Kind::Script(interpreter, _)) => Some(interpreter),
        _ => None,
    }
}

/// The path below the sysroot, if it is absolute and there is a file.
fn below(sysroot: Option<&Path>, path: &CStr) -> CString {
    let bytes = path.to_bytes();
    if let (Some(sysroot), Some(relative)) = (sysroot, bytes.strip_prefix(b"/")) {
        let below = sysroot.join(Path::new(std::ffi::OsStr::from_bytes(relative)));
        if below.exists()
            && let Ok(below) = CString::new(below.as_os_str().as_bytes())
        {
            return below;
        }
    }
    path.to_owned()
}

/// The name by which the kernel would tell a script its own path, and AT_EXECFN.
fn name(exec: &Exec) -> CString {
    let path = exec.path.as_bytes();
    if exec.dirfd == libc::AT_FDCWD || path.starts_with(b"/") {
        return exec.path.clone();
    }
    let mut name = format!("/dev/fd/{}", exec.dirfd).into_bytes();
    if !path.is_empty() {
        name.push(b'/');
        name.extend_from_slice(path);
    }
    CString::new(name).unwrap_or_default()
}

/// Looks at a file as execve(2) does: it must be a regular file, and executable.
fn inspect(dirfd: i32, path: &CStr, flags: u32) -> Result<Kind, Errno> {
    let empty = flags & libc::AT_EMPTY_PATH as u32 != 0 && path.is_empty();
    // Through /proc, so that a descriptor opened with O_PATH can be read, and with a file position of our own.
    let through = CString::new(format!("/proc/self/fd/{dirfd}")).unwrap_or_default();
    let (dirfd, path) = if empty {
        (libc::AT_FDCWD, through.as_c_str())
    } else {
        (dirfd, path)
    };
    let no_follow = if flags & libc::AT_SYMLINK_NOFOLLOW as u32 != 0 {
        libc::O_NOFOLLOW
    } else {
        0
    };
    let opened = {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | no_follow;
        let args = [dirfd as u64, path.as_ptr() as u64, flags as u64, 0, 0, 0];
        // SAFETY: only makes a descriptor.
        unsafe { host::call(libc::SYS_openat, args) }
    };
    let file = match opened {
        // SAFETY: just made, and nobody else's.
        Ok(descriptor) => unsafe { File::from_raw_fd(descriptor as i32) },
        // The host's execve knows whether it may be executed without being read.
        Err(Errno::EACCES) => return Ok(Kind::Host),
        // A socket, or a device without a driver.
        Err(Errno::ENXIO) => return Err(Errno::EACCES),
        Err(errno) => return Err(errno),
    };
    if !file.metadata().map_err(Errno::from)?.is_file() {
        return Err(Errno::EACCES);
    }
    let args = [
        dirfd as u64,
        path.as_ptr() as u64,
        libc::X_OK as u64,
        libc::AT_EACCESS as u64,
        0,
        0,
    ];
    // SAFETY: asks only.
    unsafe { host::call(libc::SYS_faccessat2, args) }?;
    let mut start = [0; FIRST_LINE];
    let mut length = 0;
    while length < start.len() {
        match file.read_at(&mut start[length..], length as u64).map_err(Errno::from)? {
            0 => break,
            count => length += count,
        }
    }
    let start = &start[..length];
    if let Some(line) = start.strip_prefix(b"#!") {
        return script(line);
    }
    match elf::Identity::read(start) {
        Ok(identity) if matches!(identity.machine, EM_AARCH64 | EM_ARM) => Ok(Kind::Arm(file)),
        _ => Ok(Kind::Host),
    }
}

/// The line behind `#!`: the interpreter, and everything behind it as one argument.
fn script(line: &[u8]) -> Result<Kind, Errno> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let line = line
        .split(|&byte| byte == b'\n' || byte == 0)
        .next()
        .unwrap_or_default();
    let line = line.trim_ascii();
    let end = line.iter().position(blank).unwrap_or(line.len());
    let (interpreter, argument) = line.split_at(end);
    if interpreter.is_empty() {
        return Err(Errno::ENOEXEC);
    }
    let string = |bytes: &[u8]| CString::new(bytes).map_err(|_| Errno::ENOEXEC);
    let argument = argument.trim_ascii();
    let argument = if argument.is_empty() {
        None
    } else {
        Some(string(argument)?)
    };
    Ok(Kind::Script(string(interpreter)?, argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &[u8]) -> Option<(String, Option<String>)> {
        match script(text) {
            Ok(Kind::Script(interpreter, argument)) => {
                let text = |string: CString| string.into_string().expect("ASCII");
                Some((text(interpreter), argument.map(text)))
            }
            _ => None,
        }
    }

    #[test]
    fn first_lines_of_scripts() {
        let some = |interpreter: &str, argument: Option<&str>| Some((interpreter.into(), argument.map(Into::into)));
        assert_eq!(line(b"/bin/sh\necho"), some("/bin/sh", None));
        assert_eq!(
            line(b" \t/usr/bin/env  -S a b \nx"),
            some("/usr/bin/env", Some("-S a b"))
        );
        assert_eq!(line(b"/bin/sh"), some("/bin/sh", None));
        assert_eq!(line(b"\n"), None);
        assert_eq!(line(b"  "), None);
    }
}
