//! The code that all regions share: into translated code, and out of it.

use std::arch::asm;
use std::sync::atomic::{Ordering, fence};

use armlet_cpu::a64::State;
use armlet_cpu::fp::Fpcr;
use armlet_decoder::a64::Insn;
use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use crate::arena::{Arena, Full};
use crate::cache::OUTSIDE;
use crate::emit::asm::Asm;
use crate::emit::estimate::TABLES;
use crate::emit::float::CONSTANTS;
use crate::emit::{Shared, Short, look_up, move_canonical};
use crate::ir::Numbers;
use crate::map::{
    self, ATTENTION, BIAS, FPSR_SLOT, PACKED_FLAGS, PC_SLOT, RELEASED, RETURNS_BOTTOM, RETURNS_LIMIT, pack_flags,
    settle_fpscr, unpack_flags, unsettle_fpscr, x_slot,
};

/// Bytes of host stack for the returns of guest calls, 8 each.
const RETURNS_SIZE: i32 = 64 << 10;

/// Why translated code came back. Any other value is the address of a jump that wants to be linked to `State::pc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Exit {
    /// Go on at `State::pc`.
    Lookup = 0,
    /// Let the interpreter run the instruction at `State::pc`, then go on.
    Interpret = 1,
    /// `State::trap` is set.
    Trap = 2,
    /// A system call: `State::pc` is behind it.
    SupervisorCall = 3,
    /// The same, which has been made, and interrupted by a signal.
    Interrupted = 4,
}

/// The entry: `extern "sysv64" fn(state, code) -> exit`.
pub type Enter = extern "sysv64" fn(*mut State, u64) -> u64;

/// The shared code, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Stubs {
    /// Enters translated code.
    pub enter: u64,
    /// What regions jump to.
    pub shared: Shared,
    /// Where a thread is that is about to enter the kernel for a call that waits, and must not when a signal has come.
    pub window: (u64, u64),
    /// Where it goes on then.
    pub abandon: u64,
    /// Where regions can start.
    pub end: u64,
}

/// The result of a call that was not made: none of the kernel's (ERESTARTNOINTR).
const ABANDONED: i32 = -513;
/// The result of one that a signal has ended.
const INTERRUPTED: i32 = -libc::EINTR;

/// Emits the shared code at the start of an arena, for AArch64 or AArch32.
pub fn emit(arena: &mut Arena, numbers: Numbers, a32: bool) -> Result<Stubs, Full> {
    let constants = arena.next();
    arena.push(&[&CONSTANTS.map(u64::to_le_bytes).concat(), &TABLES[..]].concat())?;
    let at = arena.next();
    let mut asm = Asm::new(at);
    let mxcsr = x_slot(map::MXCSR);
    let (bottom, limit) = (x_slot(RETURNS_BOTTOM), x_slot(RETURNS_LIMIT));
    dynasm!(asm.ops ; .arch x64
        ; push rbx
        ; push rbp
        ; push r12
        ; push r13
        ; push r14
        ; push r15
        ; sub rsp, BYTE 16
        ; ldmxcsr [rdi + mxcsr + BIAS]
        // The bottom of the stack of returns, for returns from calls that were made before.
        ; lea rax, [>unknown]
        ; push rax
        ; lea rbp, [rdi + BIAS]
        ; mov [rbp + bottom], rsp
        ; lea rax, [rsp - RETURNS_SIZE]
        ; mov [rbp + limit], rax);
    move_canonical(&mut asm, a32, false);
    dynasm!(asm.ops ; .arch x64 ; jmp rsi);
    dynasm!(asm.ops ; .arch x64
        ; unknown:
        ; lea rdx, [<unknown]
        ; push rdx
        ; jmp >by_table);
    let astray = at + asm.offset() as u64;
    emit_astray(&mut asm);
    let exit = at + asm.offset() as u64;
    move_canonical(&mut asm, a32, true);
    let exit_stored = at + asm.offset() as u64;
    let released = x_slot(RELEASED);
    dynasm!(asm.ops ; .arch x64
        ; vzeroupper
        ; cmp BYTE [rbp + released], BYTE 0
        ; je >settled
        ; lock or DWORD [rsp], BYTE 0
        ; mov BYTE [rbp + released], BYTE 0
        ; settled:
        ; mov rsp, [rbp + bottom]
        // Exceptions: the host has one more at bit 1, for denormal operands.
        ; stmxcsr [rsp]
        ; mov ecx, [rsp]
        ; mov edx, ecx
        ; shr edx, BYTE 1
        ; and ecx, BYTE 1
        ; and edx, BYTE 0x1e
        ; or ecx, edx
        ; or [rbp + FPSR_SLOT], ecx
        ; mov DWORD [rsp], DWORD MXCSR as i32
        ; ldmxcsr [rsp]
        ; add rsp, BYTE 24
        ; pop r15
        ; pop r14
        ; pop r13
        ; pop r12
        ; pop rbp
        ; pop rbx
        ; ret);
    let wait = at + asm.offset() as u64;
    let (window, abandon) = emit_wait(&mut asm, exit_stored);
    let code = asm.ops.finalize().map_err(|_| Full)?;
    arena.push(&code)?;
    let fallback = fallback as extern "sysv64" fn(&mut State, &Insn, u64) -> u64;
    let fallback_standard = fallback_standard as extern "sysv64" fn(&mut State, &Insn, u64) -> u64;
    let fallback32 = fallback32 as extern "sysv64" fn(&mut State, &Short, u64) -> u64;
    Ok(Stubs {
        enter: at,
        window: (at + window.0 as u64, at + window.1 as u64),
        abandon: at + abandon as u64,
        end: arena.next(),
        shared: Shared {
            exit,
            exit_stored,
            astray,
            fallback: fallback as usize as u64,
            fallback_standard: fallback_standard as usize as u64,
            fallback32: fallback32 as usize as u64,
            wait,
            constants,
            numbers,
        },
    })
}

/// A system call that waits (see `emit/calls.rs`), as `armlet_syscall::host::interruptible` makes it: a signal that comes before the kernel is entered
/// keeps the thread from entering it. As long as it lasts, the thread is outside of translated code. Answers the offsets of that window, and of where a
/// signal's handler sends the thread that is in it.
fn emit_wait(asm: &mut Asm, exit_stored: u64) -> ((usize, usize), usize) {
    let (whereabouts, attention) = (x_slot(map::WHEREABOUTS), x_slot(ATTENTION));
    let (generation, newest) = (x_slot(map::GENERATION), x_slot(map::NEWEST_GENERATION));
    let result = x_slot(0);
    let exit_stored = exit_stored as usize;
    dynasm!(asm.ops ; .arch x64
        ; mov rcx, [rbp + whereabouts]
        ; mov QWORD [rcx], DWORD OUTSIDE as i32
        ; mov rcx, [rbp + attention]);
    let start = asm.offset();
    dynasm!(asm.ops ; .arch x64
        ; cmp DWORD [rcx], BYTE 0
        ; jne >abandon
        ; syscall);
    let end = asm.offset();
    dynasm!(asm.ops ; .arch x64
        ; back:
        // Inside again: see `Jit::enter`.
        ; mov rcx, [rbp + whereabouts]
        ; mov rdx, [rbp + generation]
        ; xchg [rcx], rdx
        ; cmp rax, DWORD ABANDONED
        ; je >usual
        ; cmp rax, DWORD INTERRUPTED
        ; je >interrupted
        ; mov [rbp + result], rax
        ; mov rcx, [rbp + newest]
        ; mov rcx, [rcx]
        ; cmp rcx, [rbp + generation]
        ; jne >leave
        ; mov rcx, [rbp + attention]
        ; cmp DWORD [rcx], BYTE 0
        ; jne >leave
        ; ret
        ; leave:
        ; xor eax, eax
        ; jmp extern exit_stored
        ; usual:
        ; mov eax, DWORD Exit::SupervisorCall as i32
        ; jmp extern exit_stored
        ; interrupted:
        ; mov eax, DWORD Exit::Interrupted as i32
        ; jmp extern exit_stored);
    let abandon = asm.offset();
    dynasm!(asm.ops ; .arch x64
        ; abandon:
        ; mov rax, DWORD ABANDONED
        ; jmp <back);
    ((start, end), abandon)
}

/// How many bytes of the stack of returns are searched for the place where a return belongs.
const SEARCHED: i32 = 16 * 8;

/// A guest return has led to the return of another guest call. If calls in between were left without one (longjmp does that), the
/// right place lies below them on the stack; else the lookup table knows. RAX is the guest address, the mapping is canonical.
fn emit_astray(asm: &mut Asm) {
    let (bottom, attention) = (x_slot(RETURNS_BOTTOM), x_slot(ATTENTION));
    dynasm!(asm.ops ; .arch x64
        ; mov rdx, rsp
        ; lea r14, [rsp + SEARCHED]
        ; cmp r14, [rbp + bottom]
        ; jb >next
        ; mov r14, [rbp + bottom]
        ; next:
        ; cmp rdx, r14
        ; jae >by_table
        ; mov rsi, [rdx]
        ; add rdx, BYTE 8
        // Every return address is that of CMP RAX, imm32 or of CMP RAX, [RIP + disp32].
        ; cmp BYTE [rsi + 1], BYTE 0x3d
        ; jne >far
        ; movsxd rcx, DWORD [rsi + 2]
        ; jmp >compare
        ; far:
        ; movsxd rcx, DWORD [rsi + 3]
        ; mov rcx, [rsi + rcx + 7]
        ; compare:
        ; cmp rcx, rax
        ; jne <next
        ; mov rsp, rdx
        ; jmp rsi
        ; by_table:
        ; mov rdx, [rbp + attention]
        ; cmp DWORD [rdx], BYTE 0
        ; jne >leave);
    look_up(asm);
    dynasm!(asm.ops ; .arch x64
        ; jne >leave
        ; jmp QWORD [rsi + rdx * 4 + 8]
        ; leave:
        ; mov [rbp + PC_SLOT], rax
        ; xor eax, eax);
}

/// Before translated code runs: its form of the flags.
pub fn pack(state: &mut State) {
    state.x[usize::from(PACKED_FLAGS)] = pack_flags(state.flags).into();
    unsettle_fpscr(state);
}

/// After translated code has run: everybody else's form of the flags.
pub fn unpack(state: &mut State) {
    state.flags = unpack_flags(state.x[usize::from(PACKED_FLAGS)] as u32);
    settle_fpscr(state);
}

/// What runs outside of translated code does not know of store-releases that wait.
fn settle_releases(state: &mut State) {
    if std::mem::take(&mut state.x[usize::from(RELEASED)]) != 0 {
        fence(Ordering::SeqCst);
    }
}

/// MXCSR as a process starts with it: all exceptions masked, none raised, to nearest. Under it runs what is not translated.
const MXCSR: u32 = 0x1f80;
/// The exceptions that MXCSR has gathered.
const RAISED: u32 = 0x3f;
/// The mask of Invalid.
const INVALID_MASKED: u32 = 1 << 7;
/// The masks of Denormal and Underflow.
const TINY_MASKED: u32 = 1 << 8 | 1 << 11;

/// Tiny results are zeros.
const FLUSH_RESULTS: u32 = 1 << 15;
/// Tiny operands are zeros.
const FLUSH_OPERANDS: u32 = 1 << 6;

/// MXCSR under which translated code runs.
pub fn mxcsr(numbers: Numbers) -> u32 {
    let invalid = if numbers.trap { INVALID_MASKED } else { 0 };
    let tiny = if numbers.trap && numbers.standard {
        TINY_MASKED
    } else {
        0
    };
    let flush = if numbers.flush {
        FLUSH_RESULTS | FLUSH_OPERANDS
    } else {
        0
    };
    MXCSR & !invalid & !tiny | flush | numbers.host_rounding() << 13
}

fn read_mxcsr() -> u32 {
    let mut value = 0u32;
    // SAFETY: stores MXCSR into the variable.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack, preserves_flags)) };
    value
}

fn write_mxcsr(value: u32) {
    // SAFETY: the caller's value has no reserved bits; translated code and the interpreter each run under their own.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, preserves_flags)) };
}

/// FPSR's bits of exceptions in MXCSR: IOC, DZC, OFC, UFC and IXC; the host has one more at bit 1.
fn exceptions(mxcsr: u32) -> u32 {
    mxcsr & 1 | mxcsr >> 1 & 0x1e
}

/// Runs one instruction by the interpreter's function. 0: go on; 1: `State::trap` is set.
extern "sysv64" fn fallback(state: &mut State, insn: &Insn, pc: u64) -> u64 {
    crate::interpreted::count(insn);
    state.pc = pc;
    let mxcsr = read_mxcsr();
    state.fpsr |= exceptions(mxcsr);
    write_mxcsr(MXCSR);
    settle_releases(state);
    unpack(state);
    let result = armlet_interpreter::a64::execute(state, *insn);
    pack(state);
    write_mxcsr(mxcsr & !RAISED);
    match result {
        Ok(()) => 0,
        Err(trap) => {
            state.trap = Some(trap);
            1
        }
    }
}

/// [`fallback`] under the standard value of FPSCR. Translated code of AArch32 runs with the control bits clear, or with those of RunFast mode.
extern "sysv64" fn fallback_standard(state: &mut State, insn: &Insn, pc: u64) -> u64 {
    let control = state.fpcr;
    state.fpcr = Fpcr::standard(0).0;
    let result = fallback(state, insn, pc);
    state.fpcr = control;
    result
}

/// In the address of an AArch32 instruction: its condition holds, whatever has become of the flags since it was tested.
pub const HOLDS: u64 = 1 << 40;

/// Where an AArch32 thread is: `pc` is a place, with the IT state in bits 39 to 32.
pub fn set_place(state: &mut State, pc: u64) {
    state.pc = pc & 0xffff_fffe;
    state.a32.thumb = pc & 1 != 0;
    state.a32.itstate = (pc >> 32) as u8;
}

/// [`fallback`], for AArch32. Translated code knows the IT state by itself.
extern "sysv64" fn fallback32(state: &mut State, &(insn, len): &Short, pc: u64) -> u64 {
    crate::interpreted::count32(&insn);
    set_place(state, pc);
    let mxcsr = read_mxcsr();
    state.fpsr |= exceptions(mxcsr);
    write_mxcsr(MXCSR);
    unpack(state);
    let result = armlet_interpreter::a32::execute(state, insn, len);
    pack(state);
    write_mxcsr(mxcsr & !RAISED);
    match result {
        Ok(()) => {
            state.a32.itstate = 0;
            0
        }
        Err(trap) => {
            state.trap = Some(trap);
            1
        }
    }
}
