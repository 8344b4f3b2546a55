//! Puts a program into an address space: segments, brk area, vDSO, stack.

use std::ffi::CString;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64_features::{HWCAP, HWCAP2};
use armlet_memory::{AddressSpace, PAGE_SIZE, page_up, write_bytes};
use goblin::elf::header::{EM_AARCH64, EM_ARM};

use crate::elf::{self, FileSource, PROGRAM_HEADER_SIZE, PROGRAM_HEADER_SIZE_32, Segment};
use crate::stack::{self, Contents, InitialStack, at};
use crate::vdso::{self, Vdso};
use crate::{Elf, ElfError, Entropy, LoadError, Symbols, helpers, vdso_a32};

const MAP_PRIVATE: u32 = 0x02;
const MAP_FIXED: u32 = 0x10;
const MAP_ANONYMOUS: u32 = 0x20;
const MAP_GROWSDOWN: u32 = 0x100;
const MAP_NORESERVE: u32 = 0x4000;
const MAP_FIXED_NOREPLACE: u32 = 0x10_0000;
const PROT_NONE: u32 = 0;
const PROT_READ: u32 = 1;
const PROT_WRITE: u32 = 2;
const PROT_EXEC: u32 = 4;

/// The smallest stack that is mapped, whatever `RLIMIT_STACK` says; the largest is the layout's.
const SMALLEST_STACK: u64 = 128 << 10;

/// What to run, and how.
#[derive(Debug)]
pub struct Options<'a> {
    /// The path as the guest sees it: AT_EXECFN.
    pub path: &'a Path,
    /// The program, if it is open already (fexecve, or a path that is resolved elsewhere); else `path` is opened.
    pub file: Option<OwnedFd>,
    /// `argv`.
    pub argv: &'a [CString],
    /// `envp`.
    pub envp: &'a [CString],
    /// `-L`: where absolute paths of dynamic linkers are looked up first.
    pub sysroot: Option<&'a Path>,
    /// `RLIMIT_STACK` in bytes; `u64::MAX` is unlimited.
    pub stack_limit: u64,
    /// The processor that an AArch32 program sees.
    pub model: Model,
    /// AT_SECURE: the program runs with more rights than its caller (set-user-ID).
    pub secure: bool,
}

/// A file in memory.
#[derive(Debug)]
pub struct Image {
    /// The file's path on the host.
    pub path: PathBuf,
    /// What its headers say.
    pub elf: Elf,
    /// What was added to every address of the file.
    pub bias: u64,
    /// Device and inode. The file is not kept open: its descriptor would be one that the guest does not expect.
    identity: (u64, u64),
    symbols: OnceLock<Symbols>,
}

impl Image {
    /// The addresses from its first segment to its last.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        let pages = self.elf.pages();
        pages.start.wrapping_add(self.bias)..pages.end.wrapping_add(self.bias)
    }

    /// Where it starts.
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.elf.entry.wrapping_add(self.bias)
    }

    /// Where its program headers are in memory; 0 if they are not.
    #[must_use]
    pub fn program_headers(&self) -> u64 {
        if self.elf.program_headers == 0 {
            0
        } else {
            self.elf.program_headers.wrapping_add(self.bias)
        }
    }

    /// Its symbols (addresses before the load bias), read at the first call. A file without any, or with bad ones, or
    /// that has been replaced meanwhile, has none.
    pub fn symbols(&self) -> &Symbols {
        let read = || {
            let file = File::open(&self.path).ok()?;
            if identity(&file)? != self.identity {
                return None;
            }
            Some(Symbols::read(&FileSource::new(&file).ok()?))
        };
        self.symbols.get_or_init(|| read().unwrap_or_default())
    }

    /// The symbol that `address` is in, and the distance from its start.
    #[must_use]
    pub fn symbolize(&self, address: u64) -> Option<(&str, u64)> {
        self.range()
            .contains(&address)
            .then(|| self.symbols().lookup(address.wrapping_sub(self.bias)))?
    }
}

/// A program that is ready to run.
#[derive(Debug)]
pub struct LoadedProgram {
    /// The first program counter: the dynamic linker's, if there is one.
    pub entry: u64,
    /// The first stack pointer.
    pub sp: u64,
    /// The program.
    pub program: Image,
    /// Its dynamic linker.
    pub interpreter: Option<Image>,
    /// The vDSO's functions.
    pub vdso: Vdso,
    /// The whole stack.
    pub stack: Range<u64>,
    /// The strings of argv on the stack.
    pub arguments: Range<u64>,
    /// The strings of envp on the stack.
    pub environment: Range<u64>,
    /// The auxiliary vector, with its end: what /proc/self/auxv shows.
    pub auxv: Vec<(u64, u64)>,
}

impl LoadedProgram {
    /// The symbol that `address` is in (of the program or of its dynamic linker), the distance from its start, and
    /// the image.
    #[must_use]
    pub fn symbolize(&self, address: u64) -> Option<(&str, u64, &Image)> {
        let mut images = std::iter::once(&self.program).chain(&self.interpreter);
        images.find_map(|image| image.symbolize(address).map(|(name, offset)| (name, offset, image)))
    }
}

/// Loads a program into `space`, which is new and empty, and has the layout that is to be used.
///
/// # Errors
///
/// See [`LoadError`]; the address space is of no use then.
pub fn load(space: &AddressSpace, mut options: Options<'_>, entropy: &mut Entropy) -> Result<LoadedProgram, LoadError> {
    let (file, elf) = open(options.path, options.file.take())?;
    let base = if elf.position_independent {
        Base::Wish(space.layout().pie_base)
    } else {
        Base::Fixed
    };
    let program = map_image(space, options.path, &file, elf, base)?;
    let interpreter = match &program.elf.interpreter {
        Some(path) => Some(load_interpreter(space, path, &options, program.elf.is_32)?),
        None => None,
    };
    space.set_brk_start(program.range().end + space.layout().brk_offset);
    let vdso = if program.elf.is_32 {
        map_vectors(space, options.path)?;
        map_vdso(space, options.path, &vdso_a32::build())?
    } else {
        map_vdso(space, options.path, &vdso::build())?
    };
    let (stack, initial) = make_stack(space, &options, &program, interpreter.as_ref(), &vdso, entropy)?;
    Ok(LoadedProgram {
        entry: interpreter.as_ref().unwrap_or(&program).entry(),
        sp: initial.sp,
        vdso,
        stack,
        arguments: initial.arguments,
        environment: initial.environment,
        auxv: initial.auxv,
        program,
        interpreter,
    })
}

/// Device and inode of an open file.
fn identity(file: &File) -> Option<(u64, u64)> {
    let metadata = file.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Opens and parses a file; whether it may be executed is the caller's question (access(2) and the like).
fn open(path: &Path, file: Option<OwnedFd>) -> Result<(File, Elf), LoadError> {
    let file = match file {
        Some(fd) => File::from(fd),
        None => File::open(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => LoadError::NotFound { path: path.into() },
            _ => LoadError::Open {
                path: path.into(),
                source,
            },
        })?,
    };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(LoadError::NotRegular { path: path.into() });
    }
    let parsed = FileSource::new(&file)
        .map_err(Into::into)
        .and_then(|source| Elf::parse(&source));
    match parsed {
        Ok(elf) => Ok((file, elf)),
        Err(error) => Err(LoadError::File {
            path: path.into(),
            error,
        }),
    }
}

/// Finds and maps the dynamic linker.
fn load_interpreter(space: &AddressSpace, path: &Path, options: &Options<'_>, is_32: bool) -> Result<Image, LoadError> {
    let inside = options
        .sysroot
        .and_then(|root| Some(root.join(path.strip_prefix("/").ok()?)));
    let host = inside.filter(|inside| inside.exists()).unwrap_or_else(|| path.into());
    let wrap = |error| match error {
        LoadError::NotFound { .. } => LoadError::MissingInterpreter {
            program: options.path.into(),
            interpreter: path.into(),
        },
        error => LoadError::Interpreter {
            program: options.path.into(),
            error: Box::new(error),
        },
    };
    let (file, elf) = open(&host, None).map_err(wrap)?;
    if elf.is_32 != is_32 {
        let machine = elf::machine_name(if elf.is_32 { EM_ARM } else { EM_AARCH64 });
        return Err(wrap(LoadError::File {
            path: host,
            error: ElfError::OtherMachine { machine },
        }));
    }
    let base = if elf.position_independent {
        Base::Anywhere
    } else {
        Base::Fixed
    };
    map_image(space, &host, &file, elf, base).map_err(wrap)
}

/// Where an image may go.
enum Base {
    /// At the addresses in the file.
    Fixed,
    /// Its lowest page here, or wherever there is room.
    Wish(u64),
    /// Wherever there is room.
    Anywhere,
}

/// Maps every segment.
fn map_image(space: &AddressSpace, path: &Path, file: &File, elf: Elf, base: Base) -> Result<Image, LoadError> {
    let refused = |what| {
        move |error| LoadError::Map {
            path: path.into(),
            what,
            error,
        }
    };
    let pages = elf.pages();
    let length = pages.end - pages.start;
    // All of it at once, so that nothing else gets into the holes meanwhile, and to see that there is room.
    let reserve = |address: u64, length: u64, how: u32| {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | how;
        space
            .map(address, length, PROT_NONE, flags, -1, 0)
            .map_err(refused("the image"))
    };
    let start = match base {
        Base::Fixed => {
            reserve(pages.start, length, MAP_FIXED_NOREPLACE).map_err(|error| too_low(path, pages.start, error))?
        }
        Base::Wish(_) | Base::Anywhere => {
            let wish = if let Base::Wish(address) = base { address } else { 0 };
            // Room to find a start whose distance from the address in the file is a multiple of the alignment; what
            // is too much is given back.
            let room = length + (elf.alignment - PAGE_SIZE);
            let bottom = reserve(wish, room, 0)?;
            let start = bottom + (pages.start.wrapping_sub(bottom) & (elf.alignment - 1));
            for rest in [bottom..start, start + length..bottom + room] {
                if !rest.is_empty() {
                    space
                        .unmap(rest.start, rest.end - rest.start)
                        .map_err(refused("the image"))?;
                }
            }
            start
        }
    };
    let image = Image {
        path: path.into(),
        bias: start.wrapping_sub(pages.start),
        elf,
        identity: identity(file).unwrap_or_default(),
        symbols: OnceLock::new(),
    };

    let mut hole = start;
    for segment in &image.elf.segments {
        let pages = segment.pages();
        let pages = pages.start.wrapping_add(image.bias)..pages.end.wrapping_add(image.bias);
        if pages.start > hole {
            space.unmap(hole, pages.start - hole).map_err(refused("the image"))?;
        }
        map_segment(space, &image, file, segment)?;
        hole = pages.end;
    }
    Ok(image)
}

/// The error of a mapping below `vm.mmap_min_addr`, if that is what it is.
fn too_low(path: &Path, address: u64, error: LoadError) -> LoadError {
    let minimum = std::fs::read_to_string("/proc/sys/vm/mmap_min_addr");
    let minimum = minimum.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    if address >= minimum {
        return error;
    }
    LoadError::TooLow {
        path: path.into(),
        address,
        minimum,
    }
}

/// Maps one segment: pages of the file, then zeros.
fn map_segment(space: &AddressSpace, image: &Image, file: &File, segment: &Segment) -> Result<(), LoadError> {
    let refused = |error| LoadError::Map {
        path: image.path.clone(),
        what: "a segment",
        error,
    };
    let start = segment.address.wrapping_add(image.bias);
    let (file_end, end) = (start + segment.file_size, start + segment.memory_size);
    let skew = start % PAGE_SIZE;
    // Rounded up these stay below ADDRESS_LIMIT, which is a page.
    let up = |address: u64| page_up(address).unwrap_or(address);
    let file_pages = if segment.file_size == 0 {
        start - skew..start - skew
    } else {
        start - skew..up(file_end)
    };
    let flags = MAP_PRIVATE | MAP_FIXED;

    if !file_pages.is_empty() {
        // The rest of the last page is to be zero, which takes the right to write for a moment.
        let rest = file_end..file_pages.end.min(end);
        let clear = !rest.is_empty();
        let protection = if clear {
            segment.protection | PROT_READ | PROT_WRITE
        } else {
            segment.protection
        };
        let length = file_pages.end - file_pages.start;
        let fd = file.as_raw_fd();
        space
            .map(file_pages.start, length, protection, flags, fd, segment.offset - skew)
            .map_err(refused)?;
        if clear {
            let zeros = vec![0; (file_pages.end - rest.start) as usize];
            write_bytes(rest.start, &zeros).map_err(|_| LoadError::Fill {
                path: image.path.clone(),
                what: "a segment",
            })?;
        }
        if protection != segment.protection {
            space
                .protect(file_pages.start, length, segment.protection)
                .map_err(refused)?;
        }
    }
    let zero_pages = file_pages.end..up(end);
    if !zero_pages.is_empty() {
        let length = zero_pages.end - zero_pages.start;
        space
            .map(
                zero_pages.start,
                length,
                segment.protection,
                flags | MAP_ANONYMOUS,
                -1,
                0,
            )
            .map_err(refused)?;
    }
    Ok(())
}

/// Maps the page with the kernel's helpers.
fn map_vectors(space: &AddressSpace, path: &Path) -> Result<(), LoadError> {
    space.install_vectors(&helpers::page()).map_err(|error| LoadError::Map {
        path: path.into(),
        what: "the page of the kernel's helpers",
        error,
    })
}

/// Maps the vDSO wherever there is room.
fn map_vdso(space: &AddressSpace, path: &Path, object: &vdso::Object) -> Result<Vdso, LoadError> {
    let refused = |error| LoadError::Map {
        path: path.into(),
        what: "the vDSO",
        error,
    };
    let flags = MAP_PRIVATE | MAP_ANONYMOUS;
    let base = space
        .map(0, PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0)
        .map_err(refused)?;
    write_bytes(base, &object.bytes).map_err(|_| LoadError::Fill {
        path: path.into(),
        what: "the vDSO",
    })?;
    space.protect(base, PAGE_SIZE, PROT_READ | PROT_EXEC).map_err(refused)?;
    space.set_name(base..base + PAGE_SIZE, Some("[vdso]"));
    Ok(object.at(base))
}

/// Maps the stack and writes what belongs on it.
fn make_stack(
    space: &AddressSpace,
    options: &Options<'_>,
    program: &Image,
    interpreter: Option<&Image>,
    vdso: &Vdso,
    entropy: &mut Entropy,
) -> Result<(Range<u64>, InitialStack), LoadError> {
    use rustix::process::{getegid, geteuid, getgid, getuid};
    let is_32 = program.elf.is_32;
    let (hwcap, hwcap2, header_size, platform) = if is_32 {
        let model = options.model;
        (
            model.hwcap().into(),
            model.hwcap2().into(),
            PROGRAM_HEADER_SIZE_32,
            model.platform(),
        )
    } else {
        (HWCAP, HWCAP2, PROGRAM_HEADER_SIZE, "aarch64")
    };
    let mut auxv = vec![
        (at::SYSINFO_EHDR, vdso.base),
        (at::MINSIGSTKSZ, stack::MINSIGSTKSZ),
        (at::HWCAP, hwcap),
        (at::PAGESZ, PAGE_SIZE),
        (at::CLKTCK, stack::CLKTCK),
        (at::PHDR, program.program_headers()),
        (at::PHENT, header_size as u64),
        (at::PHNUM, program.elf.program_header_count.into()),
        (at::BASE, interpreter.map_or(0, |image| image.range().start)),
        (at::FLAGS, 0),
        (at::ENTRY, program.entry()),
        (at::UID, getuid().as_raw().into()),
        (at::EUID, geteuid().as_raw().into()),
        (at::GID, getgid().as_raw().into()),
        (at::EGID, getegid().as_raw().into()),
        (at::SECURE, options.secure.into()),
        (at::HWCAP2, hwcap2),
    ];
    if is_32 {
        // Only arm64's signal frames can grow.
        auxv.retain(|(key, _)| *key != at::MINSIGSTKSZ);
    }
    let [low, high] = entropy.numbers()?;
    let random = u128::from(low) | u128::from(high) << 64;
    // A path from the file system, or from the guest, has no NUL inside.
    let path = CString::new(options.path.as_os_str().as_bytes()).map_err(|_| LoadError::NotFound {
        path: options.path.into(),
    })?;
    let contents = Contents {
        argv: options.argv,
        envp: options.envp,
        path: &path,
        is_32,
        platform,
        random: random.to_le_bytes(),
        auxv: &auxv,
    };

    let size = page_up(options.stack_limit)
        .unwrap_or(u64::MAX)
        .clamp(SMALLEST_STACK, space.layout().stack_room);
    let bytes = contents.size();
    if bytes > size / 4 {
        return Err(LoadError::ArgumentsTooLong {
            path: options.path.into(),
            bytes,
        });
    }
    let top = space.layout().stack_top;
    let range = top - size..top;
    let executable = if program.elf.executable_stack { PROT_EXEC } else { 0 };
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE;
    space
        .map(range.start, size, PROT_READ | PROT_WRITE | executable, flags, -1, 0)
        .map_err(|error| LoadError::Map {
            path: options.path.into(),
            what: "the stack",
            error,
        })?;
    space.set_name(range.clone(), Some("[stack]"));
    let initial = contents.lay_out(top, space.layout().stack_shift);
    write_bytes(initial.sp, &initial.bytes).map_err(|_| LoadError::Fill {
        path: options.path.into(),
        what: "the stack",
    })?;
    Ok((range, initial))
}

/// What a file is, without loading it: the same errors as [`load`] has for it.
///
/// # Errors
///
/// See [`LoadError`].
pub fn inspect(path: &Path) -> Result<Elf, LoadError> {
    open(path, None).map(|(_, elf)| elf)
}
