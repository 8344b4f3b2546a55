//! Turns ARM instruction words into typed values, and typed values into assembler text. Nothing here executes.
//!
//! [`a64::decode`] is the whole interface of the AArch64 side: 32 bits in, an [`a64::Insn`] out, or the reason why there is none.
//!
//! # How to add an instruction
//!
//! The tables are the files `src/a64/*.isa`, one per chapter of the manual's encoding index. A row is
//!
//! ```text
//! adds_imm z01100010hiiiiiiiiiiiinnnnnddddd Base C6.2.8 ADDS (immediate)
//!     = sf=z rd=d rn=sp(n) imm:u32=shift12(h,i)
//!     ? rd != 7
//!     > cmn {r(sf,rn)}, {imm(imm)} when rd == 31
//!     > adds {r(sf,rd)}, {r(sf,rn)}, {imm(imm)}
//! ```
//!
//! - The name is the engines' function name; the struct is its camel case (`AddsImm`). Then 32 pattern bits: `0`, `1`, `.` for bits that do not
//!   matter, and letters for fields (one run each); the [`a64::Feature`] it belongs to; section and title in the Arm manual (DDI 0487).
//! - `=` names the operands, in any number of lines: `name=letter` (a `bool` for one bit, else the smallest of u8, u16, u32),
//!   or `name:type=function(letters)` with a function of `operands/` (numbers may stand among the letters); a `?` behind it means that it returns an `Option`
//!   and that `None` is an unallocated encoding. The type defaults to u8. Registers are numbers 0 to 30, 31 for XZR/WZR and
//!   32 for SP (`sp(n)`), so that no engine has to know which of the two "31" means.
//! - `?` is a condition on the operands; where it is false, the encoding is unallocated.
//! - `>` is the text. `{f(a,b)}` calls `text/`'s `f(out, a, b)`, `{a}` prints an operand as it is. The first text
//!   whose `when` condition holds is taken: aliases come first.
//! - `except PATTERN` leaves out words that the row's pattern has (of `0`, `1` and `.`); they may belong to other rows.
//! - `overrides NAME` permits a row to overlap another, and to win.
//! - `foreign EXTENSION pattern` claims an encoding space for an extension that is not implemented, so that its
//!   instructions are reported by name instead of as unallocated.
//!
//! # AArch32
//!
//! [`a32::decode`] and [`t32::decode`] make the same [`a32::Insn`]. In `src/a32/*.isa`:
//!
//! - `cccc` at the beginning of a pattern is the condition, which is no operand; such a row never means a word that begins with `1111`. A pattern
//!   `-` belongs to an instruction that only T32 has an encoding of: its operands are `name:type`.
//! - `pc KIND condition` says that the instruction branches where the condition on its operands holds, and by which of
//!   [`a32::PcWrite`]. Reading R15 needs no mark.
//! - `{c(s)}` in a text stands for what is behind the mnemonic: S, condition, `.w`.
//!
//! In `src/t32/*.isa`, a row `add_imm.t3` is an encoding of `add_imm` and names its operands, constants among them (`s=true`, `rn=13`); `s=!it` is
//! a flag that is set outside of IT blocks, `cond=c` a condition in the encoding. The first halfword is the upper half of the pattern, and all of it if
//! there are only 16 bits. It has the text of `add_imm` unless one of its own applies; `wide` puts `.w` behind the mnemonic. VFP and Advanced SIMD
//! have no rows there: see [`t32`].
//!
//! `build.rs` generates struct, enum variant, decoder and disassembler from it. The interpreter then does not compile until it
//! has a function of that name.
#![no_std]
#![forbid(unsafe_code)]

pub mod a32;
pub mod a64;
pub mod t32;
