//! From the command line, or from the armlet before this one, to the first instruction of the program.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use armlet_cpu::a32;
use armlet_cpu::a64::State;
use armlet_interpreter::a32::Place;
use armlet_interpreter::a32::accelerate::{Accelerator, Routine, Ways};
use armlet_loader::elf::{FileSource, Identity};
use armlet_loader::{Addresses, Content, Entropy, LoadError, LoadedProgram, is_built_for_42_bits};
use armlet_memory::AddressSpace;
use armlet_observe::View;
use armlet_syscall::abi::Abi;
use armlet_syscall::process::limits;
use armlet_syscall::seccomp::Seccomp;
use armlet_syscall::strace::Strace;
use armlet_syscall::task::Exec;
use armlet_syscall::{Errno, fs, host};

use crate::engine::EngineKind;
use crate::handover::Handover;
use crate::options::Options;
use crate::process::{Process, Program, Threads};
use crate::profiler::{ProfileTo, Profiler};
use crate::rootfs::RootfsError;
use crate::signal::host as signals;
use crate::signal::{Actions, SignalSet, see_defaults, see_samples};
use crate::statistics::{Collector, StatsTo};
use crate::thread::{Runner, Thread, quiet_call};
use crate::{INTERNAL_ERROR, exec, rootfs, startup};

/// A program and how it is to be started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program's file. Not looked up in PATH.
    pub program: PathBuf,
    /// The whole argument vector, the program's name included.
    pub arguments: Vec<CString>,
    /// The whole environment.
    pub environment: Vec<CString>,
    /// How it is run.
    pub options: Options,
}

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The program, its interpreter or the memory for it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its file may not be executed.
    #[error("{}: permission denied; make it executable with `chmod +x`", .0.display())]
    NotExecutable(PathBuf),
    /// A script whose interpreter cannot be run.
    #[error(
        "{}: a script for {}, {what}; an ARM root file system has ARM interpreters: give one with -L DIR or --rootfs DIR",
        path.display(), interpreter.display()
    )]
    Script {
        /// The script.
        path: PathBuf,
        /// What stands behind `#!`.
        interpreter: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// `--rootfs`.
    #[error(transparent)]
    Rootfs(#[from] RootfsError),
    /// The file for the trace or for the statistics.
    #[error("{}: cannot be written: {source}", path.display())]
    Strace {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl LaunchError {
    /// The exit status that the shell expects: 127 not found, 126 cannot be executed, 125 armlet's own.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            LaunchError::Load(error) => error.exit_code(),
            LaunchError::NotExecutable(_) | LaunchError::Script { .. } => 126,
            LaunchError::Rootfs(_) | LaunchError::Strace { .. } => INTERNAL_ERROR,
        }
    }
}

/// The environment of this process: exactly its strings, in their order.
#[must_use]
pub fn host_environment() -> Vec<CString> {
    unsafe extern "C" {
        static environ: *const *const libc::c_char;
    }
    let mut strings = Vec::new();
    // SAFETY: a vector of strings that ends with a null pointer; nobody changes it this early.
    unsafe {
        let mut next = environ;
        while !next.is_null() && !(*next).is_null() {
            strings.push(CStr::from_ptr(*next).to_owned());
            next = next.add(1);
        }
    }
    strings
}

/// Runs a program. Returns only if it cannot be started: its end is the end of this process.
#[must_use]
pub fn launch(launch: Launch) -> LaunchError {
    match prepare(launch) {
        Ok(start) => start.run().into(),
        Err(error) => error,
    }
}

fn prepare(launch: Launch) -> Result<Start, LaunchError> {
    let Launch {
        program,
        arguments,
        environment,
        options,
    } = launch;
    // Its path is one of the host's.
    let strace = open_strace(&options)?;
    let stats = options.stats.as_ref().map_or(Ok(()), StatsTo::prepare);
    let profile = options.profile.as_ref().map_or(Ok(()), ProfileTo::prepare);
    if let Err((path, source)) = stats.and(profile) {
        return Err(LaunchError::Strace { path, source });
    }
    let program = match &options.rootfs {
        Some(directory) => {
            rootfs::enter(directory)?;
            rootfs::search(program, &environment)
        }
        None => {
            fs::pin_binary_without_proc();
            program
        }
    };
    let file = open_program(&program)?;
    let (file, path, arguments): (OwnedFd, _, _) = if is_script(&file) {
        interpreter(program, arguments, options.settings.sysroot.as_deref())?
    } else {
        (file.into(), program, arguments)
    };
    Ok(Start {
        seccomp: None,
        limits: Vec::new(),
        file,
        path,
        arguments,
        environment,
        options,
        strace,
        // The host's mask is the guest's.
        mask: signals::set_mask(signals::ALL),
    })
}

fn is_script(file: &File) -> bool {
    let mut start = [0; 2];
    file.read_exact_at(&mut start, 0).is_ok() && &start == b"#!"
}

/// The interpreter of a script: its file, its path, and the arguments that it gets.
fn interpreter(
    script: PathBuf,
    arguments: Vec<CString>,
    sysroot: Option<&Path>,
) -> Result<(OwnedFd, PathBuf, Vec<CString>), LaunchError> {
    let exec = Exec {
        dirfd: libc::AT_FDCWD,
        path: CString::new(script.as_os_str().as_bytes()).unwrap_or_default(),
        arguments,
        environment: Vec::new(),
        flags: 0,
    };
    let what = match exec::find(&exec, sysroot) {
        Ok(exec::Program::Arm { file, path, arguments }) => {
            return Ok((file.into(), OsString::from_vec(path.into_bytes()).into(), arguments));
        }
        Ok(exec::Program::Host) => "which is not an ARM program",
        Err(Errno::ENOENT | Errno::ENOTDIR) => "which is not there",
        Err(Errno::ELOOP) => "which is a script of a script of a script",
        Err(Errno::ENOEXEC) => "which is empty",
        Err(_) => "which cannot be executed",
    };
    let interpreter = exec::interpreter_of(&exec.path).unwrap_or_default();
    Err(LaunchError::Script {
        path: script,
        interpreter: OsString::from_vec(interpreter.into_bytes()).into(),
        what,
    })
}

/// Goes on with what an `execve` in the armlet before this one has begun. `None` if there is no such thing. `build` makes a view of the
/// words of a [`crate::Watch`].
#[must_use]
pub fn resume(build: impl FnOnce(&str) -> Option<Arc<dyn View>>) -> Option<LaunchError> {
    let mut environment = host_environment();
    let handover = Handover::take(&mut environment, build)?;
    // SAFETY: made for this process by the one before, and nobody else's.
    let (file, strace) = unsafe {
        let file = OwnedFd::from_raw_fd(handover.program);
        (file, handover.strace.map(|descriptor| OwnedFd::from_raw_fd(descriptor)))
    };
    signals::set_mask(signals::ALL);
    match handover.binary {
        Some(descriptor) => fs::adopt_binary(descriptor),
        None => fs::pin_binary_without_proc(),
    }
    let strace =
        strace.and_then(|descriptor| Strace::with(descriptor.as_fd(), handover.options.strace_options.clone()).ok());
    let arguments = std::env::args_os()
        .filter_map(|argument| CString::new(argument.into_vec()).ok())
        .collect();
    // SAFETY: as above.
    let seccomp = handover
        .seccomp
        .map(|descriptor| unsafe { File::from_raw_fd(descriptor) });
    let start = Start {
        seccomp: seccomp.and_then(|mut file| {
            file.rewind().ok()?;
            Seccomp::restore(&mut file)
        }),
        limits: handover.limits,
        file,
        path: PathBuf::from(OsString::from_vec(handover.path.into_bytes())),
        arguments,
        environment,
        options: handover.options,
        strace,
        mask: handover.mask,
    };
    Some(start.run().into())
}

/// The program's file, if it may be executed.
fn open_program(path: &Path) -> Result<File, LaunchError> {
    let opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = opened.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => LoadError::NotFound { path: path.into() },
        _ => LoadError::Open {
            path: path.into(),
            source,
        },
    })?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(LoadError::NotRegular { path: path.into() }.into());
    }
    let denied = || LaunchError::NotExecutable(path.into());
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|_| denied())?;
    // SAFETY: asks only.
    if unsafe { libc::faccessat(libc::AT_FDCWD, name.as_ptr(), libc::X_OK, libc::AT_EACCESS) } != 0 {
        return Err(denied());
    }
    Ok(file)
}

fn open_strace(options: &Options) -> Result<Option<Strace>, LaunchError> {
    if let Some(path) = &options.strace_file {
        let strace = File::create(path).and_then(|file| Strace::with(file.as_fd(), options.strace_options.clone()));
        let failed = |source| LaunchError::Strace {
            path: path.clone(),
            source,
        };
        return strace.map(Some).map_err(failed);
    }
    if let Some(path) = &options.strace_options.numbered {
        let path = crate::statistics::numbered(path);
        if let Err(source) = File::create(&path) {
            return Err(LaunchError::Strace { path, source });
        }
    }
    if options.strace {
        let failed = |source| LaunchError::Strace {
            path: "stderr".into(),
            source,
        };
        return Strace::with(io::stderr().as_fd(), options.strace_options.clone())
            .map(Some)
            .map_err(failed);
    }
    Ok(None)
}

/// All that is known before the program is loaded.
struct Start {
    seccomp: Option<Seccomp>,
    limits: Vec<(u32, u64, u64)>,
    file: OwnedFd,
    path: PathBuf,
    arguments: Vec<CString>,
    environment: Vec<CString>,
    options: Options,
    strace: Option<Strace>,
    mask: SignalSet,
}

impl Start {
    fn run(self) -> LoadError {
        let statistics = self.options.stats.clone().map(Collector::new);
        let profiled = self.options.profile.is_some();
        if statistics.is_some() || profiled || self.options.watch.is_some() {
            see_defaults();
        }
        if profiled {
            armlet_jit::want_places();
            see_samples();
        }
        let mut entropy = Entropy::Host;
        let stack_limit = self.options.stack_size.unwrap_or_else(host_stack_limit);
        let file = File::from(self.file);
        // What is wrong with the file is the loader's to say.
        let source = FileSource::new(&file).ok();
        let identity = source.as_ref().and_then(|source| Identity::read(source).ok());
        let addresses = match identity {
            Some(identity) if !identity.is_64 => Addresses::Bits32,
            _ if source.as_ref().is_some_and(is_built_for_42_bits) => Addresses::Bits42,
            _ => Addresses::Bits46,
        };
        let aslr = self.options.aslr && !wants_fixed_addresses();
        let space = match entropy.layout(addresses, stack_limit, aslr) {
            Ok(layout) => Arc::new(AddressSpace::new(layout)),
            Err(error) => return error,
        };
        limits::adopt(&self.limits, &space);
        armlet_memory::fault::prepare();
        let actions = Actions::inherited();
        let executable = exec::true_path(&file);
        let options = armlet_loader::Options {
            path: &self.path,
            file: Some(file.into()),
            argv: &self.arguments,
            envp: &self.environment,
            sysroot: self.options.settings.sysroot.as_deref(),
            stack_limit,
            model: self.options.settings.model,
            secure: false,
        };
        let loaded = match armlet_loader::load(&space, options, &mut entropy) {
            Ok(loaded) => loaded,
            Err(error) => return error,
        };
        let mut cpu = Box::new(State::default());
        let abi = if loaded.program.elf.is_32 { Abi::A32 } else { Abi::A64 };
        match abi {
            Abi::A64 => {
                cpu.pc = loaded.entry;
                cpu.set_sp(loaded.sp);
            }
            Abi::A32 => {
                // Bit 0 of the entry says that the code there is T32.
                cpu.a32.thumb = loaded.entry & 1 != 0;
                cpu.pc = loaded.entry & !1;
                cpu.set_r(a32::SP, loaded.sp as u32);
                cpu.a32.model = self.options.settings.model;
            }
        }
        tell_the_kernel(&loaded);
        set_name(self.path.file_name().unwrap_or(OsStr::new("armlet")));
        startup::close_what_was_closed();
        let threads = Arc::new(Threads::default());
        space.observe_code(Arc::clone(&threads) as _);
        let profiler = self.options.profile.clone().map(|to| Profiler::new(to, abi));
        let accelerate = abi == Abi::A32 && self.options.accelerate;
        let program = Program {
            accelerator: accelerate.then(|| Arc::new(accelerator(&loaded))),
            executable: executable.unwrap_or(self.path),
            options: self.options,
            arguments: self.arguments,
            loaded,
            abi,
            strace: self.strace,
            statistics,
            profiler,
        };
        let process = Process {
            space,
            actions,
            threads,
            program: Arc::new(program),
            borrows_memory: false,
        };
        let program = &process.program;
        let checks = program.options.engine == EngineKind::Check;
        if program.strace.is_none() && program.options.watch.is_none() && program.statistics.is_none() && !checks {
            crate::engine::allow_quick_calls();
        }
        let process = Arc::new(process);
        crate::perf::start(&process);
        let thread = Thread::new(process, self.mask);
        thread.mailbox.set_seccomp(self.seccomp.unwrap_or_default());
        let status = Runner::new(cpu, thread).run();
        // Only this thread: others may go on.
        quiet_call(libc::SYS_exit, [status as u64]);
        unreachable!("the thread has ended");
    }
}

/// Finds the routines of a library for floating point and division in a program, some of them by its symbols. Where arguments are passed in VFP
/// registers, the same symbols name other functions, but for divisions of integers.
fn accelerator(loaded: &LoadedProgram) -> Accelerator {
    let image = &loaded.program;
    let takes = |routine: &Routine| !image.elf.hard_float || matches!(routine.ways(), Ways::Divide(_));
    let symbols = image.symbols();
    Accelerator::new(symbols.iter().filter_map(|(name, address, _)| {
        let thumb = symbols.content(address) == Some(Content::T32);
        let place = Place::new(address.wrapping_add(image.bias) as u32, thumb);
        Some((place, Routine::of_symbol(name).filter(takes)?))
    }))
}

/// `ADDR_NO_RANDOMIZE`, which `setarch -R` and debuggers set before they start a program.
fn wants_fixed_addresses() -> bool {
    const ASK: u64 = 0xffff_ffff;
    // SAFETY: asks only.
    let personality = unsafe { host::call(libc::SYS_personality, [ASK, 0, 0, 0, 0, 0]) };
    personality.is_ok_and(|personality| personality & libc::ADDR_NO_RANDOMIZE as u64 != 0)
}

/// `RLIMIT_STACK` in bytes.
fn host_stack_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: fills the structure.
    unsafe { libc::getrlimit(libc::RLIMIT_STACK, &raw mut limit) };
    limit.rlim_cur
}

/// `struct prctl_mm_map`.
#[repr(C)]
struct MemoryMap {
    start_code: u64,
    end_code: u64,
    start_data: u64,
    end_data: u64,
    start_brk: u64,
    brk: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
    env_start: u64,
    env_end: u64,
    auxv: u64,
    auxv_size: u32,
    exe_fd: u32,
}

/// Tells the host's kernel where the guest's arguments, environment and auxiliary vector are, which /proc shows to others: so `ps` on the
/// host shows the guest's own command line. A kernel without CONFIG_CHECKPOINT_RESTORE refuses, and shows armlet's.
fn tell_the_kernel(loaded: &LoadedProgram) {
    const PR_SET_MM_MAP: u64 = 14;
    // SAFETY: asks where armlet's own break is, which stays there.
    let brk = unsafe { host::call(libc::SYS_brk, [0; 6]) }.unwrap_or(0);
    // As the kernel's loader has it: the executable segments are the code, the highest one is the data.
    let bias = loaded.program.bias;
    let segments = &loaded.program.elf.segments;
    let code = segments
        .iter()
        .filter(|segment| segment.protection & libc::PROT_EXEC as u32 != 0);
    let start_code = code.clone().map(|segment| segment.address).min().unwrap_or(0);
    let end_code = code
        .map(|segment| segment.address + segment.file_size)
        .max()
        .unwrap_or(0);
    let data = segments
        .last()
        .map_or(0..0, |segment| segment.address..segment.address + segment.file_size);
    let map = MemoryMap {
        start_code: start_code.wrapping_add(bias),
        end_code: end_code.wrapping_add(bias),
        start_data: data.start.wrapping_add(bias),
        end_data: data.end.wrapping_add(bias),
        start_brk: brk,
        brk,
        start_stack: loaded.sp,
        arg_start: loaded.arguments.start,
        arg_end: loaded.arguments.end,
        env_start: loaded.environment.start,
        env_end: loaded.environment.end,
        auxv: loaded.auxv.as_ptr() as u64,
        auxv_size: size_of_val(loaded.auxv.as_slice()) as u32,
        exe_fd: u32::MAX,
    };
    let (map, size) = (&raw const map as u64, size_of::<MemoryMap>() as u64);
    quiet_call(libc::SYS_prctl, [libc::PR_SET_MM as u64, PR_SET_MM_MAP, map, size, 0]);
}

/// The name that `ps` and /proc/self/comm show.
fn set_name(name: &OsStr) {
    if let Ok(name) = CString::new(name.as_bytes()) {
        quiet_call(
            libc::SYS_prctl,
            [libc::PR_SET_NAME as u64, name.as_ptr() as u64, 0, 0, 0],
        );
    }
}
