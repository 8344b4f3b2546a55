//! The signal frame of arm64 Linux (arch/arm64/kernel/signal.c, uapi/asm/sigcontext.h): what a handler finds on its stack and what
//! `rt_sigreturn` reads back.
//!
//! ```text
//! sp      siginfo_t                          128 bytes
//! +128    struct ucontext                   4560 bytes
//!           uc_flags, uc_link, uc_stack, uc_sigmask
//!           sigcontext: fault_address, x0-x30, sp, pc, pstate
//!             4096 bytes of records: fpsimd_context, esr_context (faults only), terminator
//! +4688   frame record {x29, x30}             16 bytes, so that an unwinder goes on in the interrupted code
//! ```

use armlet_cpu::Fault;
use armlet_cpu::a64::{Flags, State};
use armlet_memory::{Plain, read_struct, write_struct};
use armlet_syscall::abi::a64::StackT;
use armlet_syscall::task::{AltStack, SigAction};

use super::{SigInfo, SignalSet};

const SA_RESTORER: u64 = 0x0400_0000;
const FPSIMD_MAGIC: u32 = 0x4650_8001;
const ESR_MAGIC: u32 = 0x4553_5201;
const EXTRA_MAGIC: u32 = 0x4558_5401;
/// Bytes of `sigcontext.__reserved`.
const RESERVED: usize = 4096;
/// Bits of PSTATE that user code may set: N, Z, C, V. All else must be 0 for EL0 in AArch64 state.
const NZCV: u64 = 0xf000_0000;
/// SSBS and DIT may be set by user code where they exist; they are ignored here.
const TOLERATED: u64 = 1 << 12 | 1 << 24;

/// `struct ucontext` up to the records.
#[repr(C)]
#[derive(Clone, Copy)]
struct Context {
    flags: u64,
    link: u64,
    stack: StackT,
    mask: u64,
    /// Room for 1024 signals, and the padding before the 16-byte aligned `sigcontext`.
    unused: [u64; 16],
    fault_address: u64,
    x: [u64; 31],
    sp: u64,
    pc: u64,
    pstate: u64,
    pad: u64,
}
// SAFETY: integers only, and the paddings are fields.
unsafe impl Plain for Context {}

/// `struct fpsimd_context`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Fpsimd {
    magic: u32,
    size: u32,
    fpsr: u32,
    fpcr: u32,
    v: [u128; 32],
}
// SAFETY: integers only, without gaps (16 bytes before the first of the 16-byte registers).
unsafe impl Plain for Fpsimd {}

const FPSIMD_SIZE: usize = size_of::<Fpsimd>();
const ESR_SIZE: usize = 16;
/// Words behind the floating-point record.
const REST: usize = (RESERVED - FPSIMD_SIZE) / 8;

/// The whole frame, without the frame record.
#[repr(C)]
#[derive(Clone, Copy)]
struct Frame {
    info: SigInfo,
    context: Context,
    fpsimd: Fpsimd,
    rest: [u64; REST],
}
// SAFETY: integers only, without gaps: every part is a multiple of 16 bytes long.
unsafe impl Plain for Frame {}

const FRAME_SIZE: u64 = size_of::<Frame>() as u64;
const RECORD_SIZE: u64 = 16;
const _: () = assert!(FRAME_SIZE == 128 + 4560);

/// What goes into a frame besides the registers.
pub(crate) struct Setup<'a> {
    /// The signal.
    pub info: &'a SigInfo,
    /// Its action, with a handler.
    pub action: &'a SigAction,
    /// The mask that `rt_sigreturn` is to restore.
    pub mask: SignalSet,
    /// The thread's alternate stack.
    pub alternate: AltStack,
    /// Address and syndrome of a fault.
    pub fault: Option<(u64, u64)>,
    /// Where the handler returns to unless the action has a restorer: the vDSO's `__kernel_rt_sigreturn`.
    pub trampoline: u64,
}

/// Writes the frame and sets the registers so that the handler is next.
///
/// # Errors
///
/// The fault, if the stack cannot be written; `cpu` is unchanged then.
pub(crate) fn push(cpu: &mut State, setup: &Setup<'_>) -> Result<(), Fault> {
    let Setup { action, alternate, .. } = setup;
    let sp = cpu.sp();
    let on_alternate = on_alternate(alternate, sp);
    let switches = action.flags & libc::SA_ONSTACK as u64 != 0 && alternate.size != 0 && !on_alternate;
    let top = if switches {
        alternate.base.wrapping_add(alternate.size)
    } else {
        sp
    };
    let record = top.wrapping_sub(RECORD_SIZE) & !15;
    let at = record.wrapping_sub(FRAME_SIZE);

    let mut x = [0; 31];
    x.copy_from_slice(&cpu.x[..31]);
    let mut frame = Frame {
        info: *setup.info,
        context: Context {
            flags: 0,
            link: 0,
            stack: StackT {
                ss_sp: alternate.base,
                ss_flags: (alternate.flags | if on_alternate { libc::SS_ONSTACK as u32 } else { 0 }) as i32,
                pad: 0,
                ss_size: alternate.size,
            },
            mask: setup.mask,
            unused: [0; 16],
            fault_address: setup.fault.map_or(0, |(address, _)| address),
            x,
            sp,
            pc: cpu.pc,
            pstate: u64::from(cpu.flags.to_bits()),
            pad: 0,
        },
        fpsimd: Fpsimd {
            magic: FPSIMD_MAGIC,
            size: FPSIMD_SIZE as u32,
            fpsr: cpu.fpsr,
            fpcr: cpu.fpcr,
            v: std::array::from_fn(|n| cpu.v(n as u8)),
        },
        rest: [0; REST],
    };
    if let Some((_, syndrome)) = setup.fault {
        frame.rest[0] = u64::from(ESR_MAGIC) | (ESR_SIZE as u64) << 32;
        frame.rest[1] = syndrome;
    }
    write_struct(record, &[cpu.x(29), cpu.x(30)])?;
    write_struct(at, &frame)?;

    cpu.set_x(0, setup.info.signal as u64);
    if action.flags & libc::SA_SIGINFO as u64 != 0 {
        cpu.set_x(1, at);
        cpu.set_x(2, at + size_of::<SigInfo>() as u64);
    }
    cpu.set_x(29, record);
    let has_restorer = action.flags & SA_RESTORER != 0;
    cpu.set_x(
        30,
        if has_restorer {
            action.restorer
        } else {
            setup.trampoline
        },
    );
    cpu.set_sp(at);
    cpu.pc = action.handler;
    cpu.exclusive = Default::default();
    Ok(())
}

/// What `rt_sigreturn` restores besides the registers.
pub(crate) struct Restored {
    /// The mask of blocked signals.
    pub mask: SignalSet,
    /// The alternate stack as it was.
    pub alternate: AltStack,
}

/// Reads the frame at SP back into the registers. `None` for a frame that Linux would not accept.
pub(crate) fn pop(cpu: &mut State) -> Option<Restored> {
    let at = cpu.sp();
    if at & 15 != 0 {
        return None;
    }
    let context_at = at.checked_add(size_of::<SigInfo>() as u64)?;
    let context: Context = read_struct(context_at).ok()?;
    let fpsimd = records(context_at.checked_add(size_of::<Context>() as u64)?)?;
    if context.pstate & !(NZCV | TOLERATED) != 0 {
        return None;
    }
    cpu.x[..31].copy_from_slice(&context.x);
    cpu.set_sp(context.sp);
    cpu.pc = context.pc;
    cpu.flags = Flags::from_bits((context.pstate & NZCV) as u32);
    for (n, value) in (0..).zip(fpsimd.v) {
        cpu.set_v(n, value);
    }
    cpu.fpsr = fpsimd.fpsr & FPSR_BITS;
    cpu.fpcr = fpsimd.fpcr & FPCR_BITS;
    cpu.exclusive = Default::default();
    Some(Restored {
        mask: context.mask,
        alternate: AltStack {
            base: context.stack.ss_sp,
            flags: context.stack.ss_flags as u32 & !(libc::SS_ONSTACK as u32),
            size: context.stack.ss_size,
        },
    })
}

/// FPSR: QC, IDC, IXC, UFC, OFC, DZC, IOC.
const FPSR_BITS: u32 = 0x0800_009f;
/// FPCR: AHP, DN, FZ, RMode, FZ16.
const FPCR_BITS: u32 = 0x07c8_0000;

/// Walks the records, which must be well formed and have the floating-point one.
fn records(start: u64) -> Option<Fpsimd> {
    let (mut offset, mut fpsimd) = (0, None);
    loop {
        if offset + 8 > RESERVED {
            return None;
        }
        let at = start + offset as u64;
        let [magic, size] = read_struct::<[u32; 2]>(at).ok()?;
        let size = size as usize;
        if offset + size > RESERVED {
            return None;
        }
        match magic {
            0 => return if size == 0 { fpsimd } else { None },
            FPSIMD_MAGIC if size >= FPSIMD_SIZE && fpsimd.is_none() => fpsimd = read_struct::<Fpsimd>(at).ok(),
            ESR_MAGIC | EXTRA_MAGIC if size >= ESR_SIZE => {}
            _ => return None,
        }
        if !size.is_multiple_of(16) {
            return None;
        }
        offset += size;
    }
}

/// Whether the handler that runs with this SP is on the alternate stack already.
pub(super) fn on_alternate(alternate: &AltStack, sp: u64) -> bool {
    const SS_AUTODISARM: u32 = 1 << 31;
    alternate.flags & SS_AUTODISARM == 0 && alternate.size != 0 && alternate.contains(sp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout_is_the_kernels() {
        assert_eq!(offset_of!(Context, mask), 40);
        assert_eq!(offset_of!(Context, fault_address), 176);
        assert_eq!(offset_of!(Context, x), 184);
        assert_eq!(offset_of!(Context, sp), 432);
        assert_eq!(offset_of!(Context, pc), 440);
        assert_eq!(offset_of!(Context, pstate), 448);
        assert_eq!(size_of::<Context>(), 464);
        assert_eq!(FPSIMD_SIZE, 528);
        assert_eq!(offset_of!(Frame, fpsimd), 128 + 464);
    }

    fn machine(stack: &mut [u128]) -> State {
        let mut cpu = State::default();
        for n in 0..31 {
            cpu.set_x(n, 0x1000 + u64::from(n));
            cpu.set_v(n, u128::from(n) << 64 | 7);
        }
        cpu.set_sp(stack.as_mut_ptr_range().end as u64);
        cpu.pc = 0x40_0000;
        cpu.flags = Flags::from_bits(0xa000_0000);
        cpu.fpcr = 0x0040_0000;
        cpu.fpsr = 0x10;
        cpu
    }

    #[test]
    fn what_is_pushed_is_popped() {
        let mut stack = vec![0_u128; 1024];
        let mut cpu = machine(&mut stack);
        let before = cpu.clone();
        let action = SigAction {
            handler: 0x50_0000,
            flags: libc::SA_SIGINFO as u64,
            restorer: 0,
            mask: 0,
        };
        let info = SigInfo::fault(11, 1, 0xdead);
        let setup = Setup {
            info: &info,
            action: &action,
            mask: 0x55,
            alternate: AltStack::DISABLED,
            fault: Some((0xdead, 0x9200_0007)),
            trampoline: 0x7000,
        };
        push(&mut cpu, &setup).expect("the stack is there");
        assert_eq!(
            (cpu.pc, cpu.x(0), cpu.x(1), cpu.x(30)),
            (0x50_0000, 11, cpu.sp(), 0x7000)
        );
        assert_eq!(read_struct::<[u64; 2]>(cpu.x(29)), Ok([before.x(29), before.x(30)]));
        assert_eq!(read_struct::<SigInfo>(cpu.x(1)), Ok(info));
        let esr: [u64; 2] = read_struct(cpu.x(2) + 464 + 528).expect("a record");
        assert_eq!(esr, [0x10_4553_5201, 0x9200_0007]);
        let restored = pop(&mut cpu).expect("an intact frame");
        assert_eq!(restored.mask, 0x55);
        assert_eq!((cpu.x, cpu.pc), (before.x, before.pc));
        assert!((0..32).all(|n| cpu.v(n) == before.v(n)));
        assert_eq!(
            (cpu.flags, cpu.fpcr, cpu.fpsr),
            (before.flags, before.fpcr, before.fpsr)
        );
    }

    #[test]
    fn a_broken_frame_is_refused() {
        armlet_memory::fault::install_fault_handler().expect("a handler for the frame that is not mapped");
        let mut stack = vec![0_u128; 1024];
        let mut cpu = machine(&mut stack);
        cpu.set_sp(stack.as_ptr() as u64);
        assert!(pop(&mut cpu).is_none(), "no floating-point record");
        cpu.set_sp(stack.as_ptr() as u64 + 8);
        assert!(pop(&mut cpu).is_none(), "not aligned");
        cpu.set_sp(0x10);
        assert!(pop(&mut cpu).is_none(), "not mapped");
    }

    #[test]
    fn the_alternate_stack_is_taken_once() {
        let (mut stack, mut other) = (vec![0_u128; 1024], vec![0_u128; 1024]);
        let mut cpu = machine(&mut stack);
        let action = SigAction {
            handler: 0x50_0000,
            flags: libc::SA_ONSTACK as u64,
            restorer: 0,
            mask: 0,
        };
        let setup = Setup {
            info: &SigInfo::default(),
            action: &action,
            mask: 0,
            alternate: AltStack {
                base: other.as_mut_ptr() as u64,
                flags: 0,
                size: 16 * 1024,
            },
            fault: None,
            trampoline: 0,
        };
        push(&mut cpu, &setup).expect("room");
        let first = cpu.sp();
        assert!(other.as_ptr_range().contains(&(first as *const u128)));
        push(&mut cpu, &setup).expect("room");
        assert_eq!(cpu.sp(), first - FRAME_SIZE - RECORD_SIZE);
    }
}
