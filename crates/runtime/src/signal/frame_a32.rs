//! The signal frames of arm Linux (arch/arm/kernel/signal.c): what a handler finds on its stack, and what `sigreturn` and `rt_sigreturn`
//! read back. The second frame is the first with a siginfo before it.
//!
//! ```text
//! sp      siginfo_t                 128 bytes, only with SA_SIGINFO
//!         struct ucontext           744 bytes
//!           uc_flags, uc_link, uc_stack, sigcontext (r0 to cpsr), uc_sigmask
//!           uc_regspace: the VFP record, and a terminator
//!         the code of the return     16 bytes, for old debuggers; it is not executed from here
//! ```

use armlet_cpu::Fault;
use armlet_cpu::a32::{LR, SP, cpsr};
use armlet_cpu::a64::State;
use armlet_loader::helpers;
use armlet_memory::{Plain, read_struct, write_struct};
use armlet_syscall::abi::a32::{SigInfo as NarrowInfo, StackT};
use armlet_syscall::task::AltStack;

use super::SigInfo;
use super::frame::{Restored, Setup, on_alternate};

const SA_RESTORER: u64 = 0x0400_0000;
const VFP_MAGIC: u32 = 0x5646_5001;
/// FPEXC.EN: the unit is on.
const FPEXC_EN: u32 = 1 << 30;
/// What `uc_flags` has in a frame without siginfo.
const PLAIN_FRAME: u32 = 0x5ac3_c35a;
/// `trap_no` of an undefined instruction, and of an abort.
const TRAP_UNDEFINED: u32 = 6;
const TRAP_ABORT: u32 = 14;

/// `struct vfp_sigframe`, 288 bytes.
#[repr(C)]
#[derive(Clone, Copy)]
struct Vfp {
    magic: u32,
    size: u32,
    d: [u64; 32],
    fpscr: u32,
    pad: u32,
    fpexc: u32,
    fpinst: u32,
    fpinst2: u32,
    pad2: u32,
}
// SAFETY: integers only, and the paddings are fields.
unsafe impl Plain for Vfp {}

const VFP_SIZE: usize = size_of::<Vfp>();
/// Words of `uc_regspace`, and those behind the record.
const REGSPACE: usize = 128;
const REST: usize = REGSPACE - VFP_SIZE / 4;

/// `struct ucontext`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Context {
    flags: u32,
    link: u32,
    stack: StackT,
    trap_no: u32,
    error_code: u32,
    old_mask: u32,
    /// R0 to R15.
    r: [u32; 16],
    cpsr: u32,
    fault_address: u32,
    mask: [u32; 2],
    unused: [u32; 30],
    vfp: Vfp,
    rest: [u32; REST],
}
// SAFETY: integers only, without gaps: the record begins at a multiple of 8.
unsafe impl Plain for Context {}

/// `struct sigframe`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Frame {
    context: Context,
    return_code: [u32; 4],
}
// SAFETY: as above.
unsafe impl Plain for Frame {}

const INFO_SIZE: u64 = size_of::<NarrowInfo>() as u64;
const FRAME_SIZE: u64 = size_of::<Frame>() as u64;
const _: () = assert!(size_of::<Context>() == 744 && FRAME_SIZE == 760 && INFO_SIZE == 128 && VFP_SIZE == 288);

/// The host's siginfo in the guest's layout.
fn narrow(info: &SigInfo) -> NarrowInfo {
    let mut words = [0; 32];
    words[..4].copy_from_slice(&[info.signal as u32, info.errno as u32, info.code as u32, 0]);
    for (pair, field) in words[4..].chunks_exact_mut(2).zip(info.fields) {
        pair.copy_from_slice(&[field as u32, (field >> 32) as u32]);
    }
    NarrowInfo::from_host(&words)
}

/// Writes the frame and sets the registers so that the handler is next.
///
/// # Errors
///
/// The fault, if the stack cannot be written; `cpu` is unchanged then.
pub(crate) fn push(cpu: &mut State, setup: &Setup<'_>) -> Result<(), Fault> {
    let Setup { action, alternate, .. } = setup;
    let sp = u64::from(cpu.r(SP));
    let on_alternate = on_alternate(alternate, sp);
    let switches = action.flags & libc::SA_ONSTACK as u64 != 0 && alternate.size != 0 && !on_alternate;
    let top = if switches { alternate.base + alternate.size } else { sp };
    let with_info = action.flags & libc::SA_SIGINFO as u64 != 0;
    let size = FRAME_SIZE + if with_info { INFO_SIZE } else { 0 };
    // In 32 bits, so that a stack at 0 wraps and faults.
    let at = u64::from((top as u32).wrapping_sub(size as u32) & !7);
    let frame_at = if with_info { at + INFO_SIZE } else { at };

    let thumb = action.handler & 1 != 0;
    let (offset, code) = helpers::trampoline(thumb, with_info);
    let mut r: [u32; 16] = std::array::from_fn(|n| cpu.r(n as u8));
    r[15] = cpu.pc as u32;
    let (trap_no, error_code, fault_address) = match setup.fault {
        Some((address, status)) => (TRAP_ABORT, status as u32, address as u32),
        None if setup.info.signal == libc::SIGILL && setup.info.code > 0 => (TRAP_UNDEFINED, 0, 0),
        None => (0, 0, 0),
    };
    let frame = Frame {
        context: Context {
            flags: if with_info { 0 } else { PLAIN_FRAME },
            link: 0,
            stack: StackT {
                ss_sp: alternate.base as u32,
                ss_flags: (alternate.flags | if on_alternate { libc::SS_ONSTACK as u32 } else { 0 }) as i32,
                ss_size: alternate.size as u32,
            },
            trap_no,
            error_code,
            old_mask: setup.mask as u32,
            r,
            cpsr: cpu.cpsr(),
            fault_address,
            mask: [setup.mask as u32, (setup.mask >> 32) as u32],
            unused: [0; 30],
            vfp: Vfp {
                magic: VFP_MAGIC,
                size: VFP_SIZE as u32,
                d: std::array::from_fn(|n| cpu.d(n as u8)),
                fpscr: cpu.fpscr(),
                pad: 0,
                fpexc: FPEXC_EN,
                fpinst: 0,
                fpinst2: 0,
                pad2: 0,
            },
            rest: [0; REST],
        },
        return_code: [code[0], code[1], 0, 0],
    };
    if with_info {
        write_struct(at, &narrow(setup.info))?;
    }
    write_struct(frame_at, &frame)?;

    cpu.set_r(0, setup.info.signal as u32);
    if with_info {
        cpu.set_r(1, at as u32);
        cpu.set_r(2, frame_at as u32);
    }
    let return_to = if action.flags & SA_RESTORER != 0 {
        action.restorer as u32
    } else {
        (setup.trampoline + offset) as u32 | u32::from(thumb)
    };
    cpu.set_r(LR, return_to);
    cpu.set_r(SP, at as u32);
    cpu.pc = action.handler & if thumb { !1 } else { !3 };
    cpu.a32.thumb = thumb;
    cpu.a32.itstate = 0;
    cpu.exclusive = Default::default();
    Ok(())
}

/// Reads the frame at SP back into the registers. `None` for a frame that Linux would not accept.
pub(crate) fn pop(cpu: &mut State, with_info: bool) -> Option<Restored> {
    let at = u64::from(cpu.r(SP));
    if at & 7 != 0 {
        return None;
    }
    let at = if with_info { at + INFO_SIZE } else { at };
    let Frame { context, .. } = read_struct::<Frame>(at).ok()?;
    // M[3:0] of user mode, in both of its forms.
    let user = context.cpsr & cpsr::USER.wrapping_sub(1) == 0;
    if !user || context.vfp.magic != VFP_MAGIC || context.vfp.size != VFP_SIZE as u32 {
        return None;
    }
    for (n, value) in (0..15).zip(context.r) {
        cpu.set_r(n, value);
    }
    cpu.set_cpsr(context.cpsr);
    cpu.pc = u64::from(context.r[15] & if cpu.a32.thumb { !1 } else { !3 });
    for (n, value) in (0..).zip(context.vfp.d) {
        cpu.set_d(n, value);
    }
    cpu.set_fpscr(context.vfp.fpscr);
    cpu.exclusive = Default::default();
    Some(Restored {
        mask: u64::from(context.mask[0]) | u64::from(context.mask[1]) << 32,
        alternate: AltStack {
            base: context.stack.ss_sp.into(),
            flags: context.stack.ss_flags as u32 & !(libc::SS_ONSTACK as u32),
            size: context.stack.ss_size.into(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use armlet_memory::{AddressSpace, Layout};
    use armlet_syscall::task::SigAction;
    use std::mem::offset_of;

    #[test]
    fn layout_is_the_kernels() {
        assert_eq!(offset_of!(Context, trap_no), 20);
        assert_eq!(offset_of!(Context, r), 32);
        assert_eq!(offset_of!(Context, cpsr), 96);
        assert_eq!(offset_of!(Context, mask), 104);
        assert_eq!(offset_of!(Context, vfp), 232);
        assert_eq!((offset_of!(Vfp, fpscr), offset_of!(Vfp, fpexc)), (264, 272));
    }

    fn machine(space: &AddressSpace) -> State {
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u32;
        let stack = space.map(0, 0x4000, 3, flags, -1, 0).expect("memory");
        assert!(stack < 1 << 32);
        let mut cpu = State::default();
        for n in 0..15 {
            cpu.set_r(n, 0x1000 + u32::from(n));
        }
        for n in 0..32 {
            cpu.set_d(n, u64::from(n) << 40 | 7);
        }
        cpu.set_r(SP, stack as u32 + 0x4000 - 4);
        cpu.pc = 0x1_0002;
        // Thumb, in the middle of an IT block, with flags, Q and GE.
        cpu.set_cpsr(0xa80f_0020 | 1 << 25 | 0x02 << 10);
        cpu.set_fpscr(0x6040_0010);
        cpu
    }

    #[test]
    fn what_is_pushed_is_popped() {
        let space = AddressSpace::new(Layout::fixed_a32(8 << 20));
        for with_info in [false, true] {
            for thumb in [false, true] {
                let mut cpu = machine(&space);
                let before = cpu.clone();
                let action = SigAction {
                    handler: 0x2_0000 | u64::from(thumb),
                    flags: if with_info { libc::SA_SIGINFO as u64 } else { 0 },
                    restorer: 0,
                    mask: 0,
                };
                let info = SigInfo::fault(11, 1, 0xdead);
                let setup = Setup {
                    info: &info,
                    action: &action,
                    mask: 0x1_0000_0055,
                    alternate: AltStack::DISABLED,
                    fault: Some((0xdead, 0x807)),
                    trampoline: 0x7000,
                };
                push(&mut cpu, &setup).expect("the stack is there");
                assert_eq!(
                    (cpu.pc, cpu.r(0), cpu.a32.thumb, cpu.a32.itstate),
                    (0x2_0000, 11, thumb, 0)
                );
                assert_eq!(cpu.r(SP) % 8, 0);
                let (offset, _) = helpers::trampoline(thumb, with_info);
                assert_eq!(cpu.r(LR), 0x7000 + offset as u32 + u32::from(thumb));
                if with_info {
                    let seen: [u32; 5] = read_struct(cpu.r(1).into()).expect("a siginfo");
                    assert_eq!(seen[..4], [11, 0, 1, 0xdead]);
                    let context: Context = read_struct(cpu.r(2).into()).expect("a context");
                    assert_eq!(
                        (context.trap_no, context.error_code, context.fault_address),
                        (14, 0x807, 0xdead)
                    );
                }
                // What the handler does to the registers is undone.
                cpu.set_cpsr(0);
                cpu.set_d(9, 1);
                let restored = pop(&mut cpu, with_info).expect("an intact frame");
                assert_eq!(restored.mask, 0x1_0000_0055);
                assert_eq!(
                    (cpu.pc, cpu.cpsr(), cpu.fpscr()),
                    (before.pc, before.cpsr(), before.fpscr())
                );
                assert!((0..15).all(|n| cpu.r(n) == before.r(n)) && (0..32).all(|n| cpu.d(n) == before.d(n)));
                assert_eq!(cpu.a32.itstate, before.a32.itstate);
            }
        }
    }

    #[test]
    fn a_broken_frame_is_refused() {
        armlet_memory::fault::install_fault_handler().expect("a handler for the frame that is not mapped");
        let space = AddressSpace::new(Layout::fixed_a32(8 << 20));
        let mut cpu = machine(&space);
        let bottom = (cpu.r(SP) & !0xfff) - 0x3000;
        for (sp, why) in [(bottom, "no record"), (bottom + 4, "not aligned"), (0x10, "not mapped")] {
            cpu.set_r(SP, sp);
            assert!(pop(&mut cpu, true).is_none(), "{why}");
        }
    }
}
