//! Operations as text, for people: `x0 = x1 + 0x10`. Widths stand behind a dot where they are 32 bits.

use std::fmt::{self, Display, Formatter};

use super::*;

impl Display for Width {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Width::W => ".w",
            Width::X => "",
        })
    }
}

impl Display for Var {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Var::X(32) => f.write_str("sp"),
            Var::X(n) => write!(f, "x{n}"),
            Var::T(n) => write!(f, "t{n}"),
        }
    }
}

impl Display for Val {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Val::Var(var) => var.fmt(f),
            Val::Imm(imm @ 0..=9) => imm.fmt(f),
            Val::Imm(imm) => write!(f, "{imm:#x}"),
        }
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.base)?;
        if let Some((index, extend, shift)) = self.index {
            match extend {
                Some(extend) => write!(f, " + {extend:?}({index})")?,
                None => write!(f, " + {index}")?,
            }
            if shift > 0 {
                write!(f, " << {shift}")?;
            }
        }
        match self.disp {
            0 => {}
            disp if disp < 0 => write!(f, " - {:#x}", disp.unsigned_abs())?,
            disp => write!(f, " + {disp:#x}")?,
        }
        f.write_str("]")
    }
}

/// The name of a condition.
fn cond(cond: u8) -> &'static str {
    [
        "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
    ][usize::from(cond & 15)]
}

/// `d` and the flags as the left side of an equation.
fn left(f: &mut Formatter<'_>, w: Width, d: Option<Var>, flags: bool) -> fmt::Result {
    match (d, flags) {
        (Some(d), true) => write!(f, "{d}{w}, nzcv = "),
        (Some(d), false) => write!(f, "{d}{w} = "),
        (None, _) => write!(f, "nzcv{w} = "),
    }
}

/// What has no notation of its own: the fields as Rust shows them, shortened.
fn plain(f: &mut Formatter<'_>, op: &dyn fmt::Debug) -> fmt::Result {
    let mut text = format!("{op:?}").replace("Some(", "(").replace("Var(", "(");
    // `(X(3))` becomes `x3`.
    for (long, short) in [("X(", 'x'), ("T(", 't')] {
        while let Some(at) = text.find(long) {
            let Some(end) = text[at..].find(')').map(|end| at + end) else {
                break;
            };
            let number = text[at + 2..end].to_owned();
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                break;
            }
            text.replace_range(at..=end, &format!("{short}{number}"));
        }
    }
    for register in (0..33).flat_map(|n| [format!("x{n}"), format!("t{n}")]) {
        text = text.replace(&format!("({register})"), &register);
    }
    f.write_str(&text)
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Op::Mov { w, d, a } => write!(f, "{d}{w} = {a}"),
            Op::Alu { op, w, d, a, b, flags } => {
                left(f, w, d, flags)?;
                let sign = match op {
                    Alu::Add => '+',
                    Alu::Sub => '-',
                    Alu::And => '&',
                    Alu::Or => '|',
                    Alu::Xor => '^',
                };
                write!(f, "{a} {sign} {b}")
            }
            Op::Adc { w, d, a, b, flags } => {
                left(f, w, d, flags)?;
                write!(f, "{a} + {b} + c")
            }
            Op::Sbc { w, d, a, b, flags } => {
                left(f, w, d, flags)?;
                write!(f, "{a} - {b} - !c")
            }
            Op::Shift { op, w, d, a, b } => write!(f, "{d}{w} = {op:?}({a}, {b})"),
            Op::Unary { op, w, d, a } => write!(f, "{d}{w} = {op:?}({a})"),
            Op::Extend { op, w, d, a } => write!(f, "{d}{w} = {op:?}({a})"),
            Op::Crc {
                castagnoli,
                size,
                d,
                a,
                b,
            } => {
                let name = if castagnoli { "crc32c" } else { "crc32" };
                write!(f, "{d} = {name}({a}, {b}<{}:0>)", (8u32 << size) - 1)
            }
            Op::Media(media) => write!(f, "{media}"),
            Op::Multiply { op, w, d, a, b } => write!(f, "{d}{w} = {op:?}({a}, {b})"),
            Op::AddScaled { w, d, a, b, shift } => write!(f, "{d}{w} = {a} + ({b} << {shift})"),
            Op::Extract { w, d, hi, lo, lsb } => write!(f, "{d}{w} = ({hi}:{lo}) >> {lsb}"),
            Op::Insert { w, d, a, pos, width } => {
                let high = u32::from(pos) + u32::from(width) - 1;
                write!(f, "{d}{w}<{high}:{pos}> = {a}")
            }
            Op::Field {
                w,
                d,
                a,
                lsb,
                width,
                signed,
            } => {
                let high = u32::from(lsb) + u32::from(width) - 1;
                let sign = if signed { "signed " } else { "" };
                write!(f, "{d}{w} = {sign}{a}<{high}:{lsb}>")
            }
            Op::Select {
                w,
                d,
                cond: condition,
                a,
                b,
                otherwise,
            } => {
                write!(f, "{d}{w} = {} ? {a} : ", cond(condition))?;
                match otherwise {
                    Otherwise::Same => write!(f, "{b}"),
                    Otherwise::Inc => write!(f, "{b} + 1"),
                    Otherwise::Not => write!(f, "!{b}"),
                    Otherwise::Neg => write!(f, "-{b}"),
                }
            }
            Op::Compare {
                w,
                cond: condition,
                a,
                b,
                negative,
                nzcv,
            } => {
                let sign = if negative { '+' } else { '-' };
                write!(f, "nzcv{w} = {} ? {a} {sign} {b} : {nzcv:#06b}", cond(condition))
            }
            Op::Load { load, d, at } => match load {
                Load::Zero(size) => write!(f, "{d} = u{}{at}", 8 << size),
                Load::Sign(size, w) => write!(f, "{d}{w} = s{}{at}", 8 << size),
            },
            Op::Store { size, a, at, release } => {
                let order = if release { ", release" } else { "" };
                write!(f, "u{}{at} = {a}{order}", 8 << size)
            }
            Op::Aligned { size, at } => write!(f, "check that {at} is a multiple of {}", 1 << size),
            Op::ClearExclusive => f.write_str("clear exclusive"),
            Op::KeepsControl { a } => write!(f, "leave if {a} has other control bits"),
            Op::Fence => f.write_str("fence"),
            Op::AfterReleases => f.write_str("after releases"),
            Op::ReadTpidr { d } => write!(f, "{d} = tpidr"),
            Op::ReadFpcr { d } => write!(f, "{d} = fpcr"),
            Op::Flags(op) => write!(f, "flags: {op:?}"),
            Op::ReadFpscr { d } => write!(f, "{d} = fpscr"),
            Op::WriteTpidr { a } => write!(f, "tpidr = {a}"),
            Op::Vector(Vector::Load { size, d, at }) => write!(f, "v{d} = u{}{at}", 8u32 << size),
            Op::Vector(Vector::Store { size, a, at }) => write!(f, "u{}{at} = v{a}", 8u32 << size),
            Op::Vector(Vector::LoadLane { size, d, lane, at }) => write!(f, "v{d}[{lane}] = u{}{at}", 8u32 << size),
            Op::Vector(Vector::StoreLane { size, a, lane, at }) => write!(f, "u{}{at} = v{a}[{lane}]", 8u32 << size),
            Op::Vector(Vector::LoadStructures { size, q, count, d, at }) => {
                let (last, bytes) = ((d + count - 1) & 31, if q { 16 } else { 8 });
                write!(
                    f,
                    "v{d}..v{last} = {bytes} bytes each of structures of {count} u{}{at}",
                    8u32 << size
                )
            }
            Op::Vector(Vector::StoreStructures { size, q, count, a, at }) => {
                let (last, bytes) = ((a + count - 1) & 31, if q { 16 } else { 8 });
                write!(
                    f,
                    "structures of {count} u{}{at} = {bytes} bytes each of v{a}..v{last}",
                    8u32 << size
                )
            }
            Op::Float { ref op, .. } => plain(f, op),
            Op::Simd(ref op) => plain(f, op),
            Op::Fallback { insn } => write!(f, "interpret {}", insn.row().name),
            Op::QuickCall { .. } => f.write_str("quick system call"),
            Op::DirectCall { ref call, .. } => write!(f, "host's system call {}", call.number),
            Op::Fallback32 { insn, .. } => write!(f, "interpret {}", insn.row().name),
            Op::Soft { routine, d } => write!(f, "{d} = {}", routine.name()),
            ref other => plain(f, other),
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Test::Cond(condition) => f.write_str(cond(condition)),
            Test::Zero(w, a) => write!(f, "{a}{w} == 0"),
            Test::NotZero(w, a) => write!(f, "{a}{w} != 0"),
            Test::BitClear(a, bit) => write!(f, "{a}<{bit}> == 0"),
            Test::BitSet(a, bit) => write!(f, "{a}<{bit}> != 0"),
        }
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            End::Jump { to } => write!(f, "jump {to:#x}"),
            End::Branch { test, taken, not } => write!(f, "if {test} jump {taken:#x} else {not:#x}"),
            End::Call { to, next } => write!(f, "call {to:#x}, back to {next:#x}"),
            End::Indirect { to, ret: true, .. } => write!(f, "return to {to}"),
            End::Indirect {
                to, next: Some(next), ..
            } => write!(f, "call {to}, back to {next:#x}"),
            End::Indirect { to, .. } => write!(f, "jump {to}"),
            End::SupervisorCall { next } => write!(f, "system call, back to {next:#x}"),
            End::Interpret => f.write_str("leave for the interpreter"),
        }
    }
}

impl Display for Media {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Media::Parallel {
                op,
                kept,
                bytes,
                d,
                a,
                b,
            } => {
                let size = if bytes { 8 } else { 16 };
                write!(f, "{d} = {kept:?}{op:?}{size}({a}, {b})")
            }
            Media::Select { d, a, b } => write!(f, "{d} = ge ? {a} : {b}"),
            Media::Products {
                swap,
                subtract,
                d,
                a,
                b,
            } => {
                let sign = if subtract { '-' } else { '+' };
                let exchanged = if swap { ", exchanged" } else { "" };
                write!(f, "{d} = Products{sign}({a}, {b}{exchanged})")
            }
            Media::Differences { d, a, b } => write!(f, "{d} = Differences({a}, {b})"),
            Media::Saturate { signed, bits, d, a } => {
                let sign = if signed { 's' } else { 'u' };
                write!(f, "{d} = {sign}{bits}({a}), q")
            }
            Media::SaturateHalves { signed, bits, d, a } => {
                let sign = if signed { 's' } else { 'u' };
                write!(f, "{d} = {sign}{bits}x2({a}), q")
            }
            Media::SetQ { a } => write!(f, "q |= {a}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_read_as_equations() {
        let x = |n| Val::Var(Var::X(n));
        let add = Op::Alu {
            op: Alu::Add,
            w: Width::W,
            d: Some(Var::X(0)),
            a: x(1),
            b: Val::Imm(16),
            flags: true,
        };
        assert_eq!(add.to_string(), "x0.w, nzcv = x1 + 0x10");
        let at = Address {
            base: x(32),
            index: Some((Var::X(3), Some(Extend::S32), 3)),
            disp: -8,
        };
        let load = Op::Load {
            load: Load::Zero(3),
            d: Var::X(2),
            at,
        };
        assert_eq!(load.to_string(), "x2 = u64[sp + S32(x3) << 3 - 0x8]");
        let atomic = Op::Atomic(Atomic {
            op: AtomicOp::Swap { d: Var::X(5), a: x(6) },
            size: 2,
            base: x(7),
        });
        assert_eq!(
            atomic.to_string(),
            "Atomic(Atomic { op: Swap { d: x5, a: x6 }, size: 2, base: x7 })"
        );
    }
}
