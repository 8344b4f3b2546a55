//! Media instructions, bit fields, bit counting, wide moves, CRC: F4.1.

use armlet_cpu::a64::State;
use armlet_cpu::crypto::crc;
use armlet_decoder::a32::*;

use super::integer::{ASR, shift};

/// Halfword lanes: an exact signed or unsigned value of each.
#[inline(always)]
fn halves(value: u32, signed: bool) -> [i32; 2] {
    [value as u16, (value >> 16) as u16].map(|half| {
        if signed {
            i32::from(half as i16)
        } else {
            i32::from(half)
        }
    })
}

/// Byte lanes.
#[inline(always)]
fn bytes(value: u32, signed: bool) -> [i32; 4] {
    value
        .to_le_bytes()
        .map(|byte| if signed { i32::from(byte as i8) } else { i32::from(byte) })
}

/// What becomes of the exact sums and differences of lanes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The low bits; GE says where a signed result is not negative.
    Signed,
    /// Saturated to signed lanes.
    SignedSaturated,
    /// The half.
    SignedHalved,
    /// The low bits; GE says where an addition carries, and a subtraction does not borrow.
    Unsigned,
    /// Saturated to unsigned lanes.
    UnsignedSaturated,
    /// The half.
    UnsignedHalved,
}

impl Kind {
    #[inline(always)]
    fn signed(self) -> bool {
        matches!(self, Kind::Signed | Kind::SignedSaturated | Kind::SignedHalved)
    }

    /// The lane of `bits` bits that is made of an exact result.
    #[inline(always)]
    fn lane(self, exact: i32, bits: u32) -> u32 {
        let mask = (1u32 << bits) - 1;
        let result = match self {
            Kind::Signed | Kind::Unsigned => exact,
            Kind::SignedSaturated => exact.clamp(-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            Kind::UnsignedSaturated => exact.clamp(0, mask as i32),
            Kind::SignedHalved | Kind::UnsignedHalved => exact >> 1,
        };
        result as u32 & mask
    }

    /// The GE bit of an exact result; `sum` tells additions from subtractions.
    #[inline(always)]
    fn ge(self, exact: i32, bits: u32, sum: bool) -> bool {
        if self == Kind::Unsigned && sum {
            exact >> bits != 0
        } else {
            exact >= 0
        }
    }

    #[inline(always)]
    fn sets_ge(self) -> bool {
        matches!(self, Kind::Signed | Kind::Unsigned)
    }
}

/// Two exact results of halfwords, each a sum or a difference.
#[inline(always)]
fn two_lanes(cpu: &mut State, rd: u8, kind: Kind, exact: [i32; 2], sums: [bool; 2]) {
    let result = kind.lane(exact[0], 16) | kind.lane(exact[1], 16) << 16;
    if kind.sets_ge() {
        let low = u8::from(kind.ge(exact[0], 16, sums[0])) * 3;
        let high = u8::from(kind.ge(exact[1], 16, sums[1])) * 12;
        cpu.a32.ge = low | high;
    }
    cpu.set_r(rd, result);
}

/// Four exact results of bytes.
#[inline(always)]
fn four_lanes(cpu: &mut State, rd: u8, kind: Kind, exact: [i32; 4], sum: bool) {
    let result = (0..4).fold(0, |result, n| result | kind.lane(exact[n], 8) << (8 * n));
    if kind.sets_ge() {
        cpu.a32.ge = (0..4).fold(0, |ge, n| ge | u8::from(kind.ge(exact[n], 8, sum)) << n);
    }
    cpu.set_r(rd, result);
}

#[inline(always)]
fn add16(cpu: &mut State, rd: u8, n: u32, m: u32, kind: Kind) {
    let (n, m) = (halves(n, kind.signed()), halves(m, kind.signed()));
    two_lanes(cpu, rd, kind, [n[0] + m[0], n[1] + m[1]], [true, true]);
}

#[inline(always)]
fn sub16(cpu: &mut State, rd: u8, n: u32, m: u32, kind: Kind) {
    let (n, m) = (halves(n, kind.signed()), halves(m, kind.signed()));
    two_lanes(cpu, rd, kind, [n[0] - m[0], n[1] - m[1]], [false, false]);
}

/// Exchange, subtract the lower, add the upper halfwords.
#[inline(always)]
fn asx(cpu: &mut State, rd: u8, n: u32, m: u32, kind: Kind) {
    let (n, m) = (halves(n, kind.signed()), halves(m, kind.signed()));
    two_lanes(cpu, rd, kind, [n[0] - m[1], n[1] + m[0]], [false, true]);
}

/// Exchange, add the lower, subtract the upper halfwords.
#[inline(always)]
fn sax(cpu: &mut State, rd: u8, n: u32, m: u32, kind: Kind) {
    let (n, m) = (halves(n, kind.signed()), halves(m, kind.signed()));
    two_lanes(cpu, rd, kind, [n[0] + m[1], n[1] - m[0]], [true, false]);
}

#[inline(always)]
fn add8(cpu: &mut State, rd: u8, n: u32, m: u32, kind: Kind) {
    let (n, m) = (bytes(n, kind.signed()), bytes(m, kind.signed()));
    four_lanes(cpu, rd, kind, std::array::from_fn(|lane| n[lane] + m[lane]), true);
}

#[inline(always)]
fn sub8(cpu: &mut State, rd: u8, n: u32, m: u32, kind: Kind) {
    let (n, m) = (bytes(n, kind.signed()), bytes(m, kind.signed()));
    four_lanes(cpu, rd, kind, std::array::from_fn(|lane| n[lane] - m[lane]), false);
}

/// `kind: function Type operation, …;`
macro_rules! parallel {
    ($($kind:ident: $($name:ident $Type:ident $operation:ident),*;)*) => {
        $($(#[doc = concat!(stringify!($Type), ": parallel addition or subtraction.")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rn, rm }: $Type) {
            let (n, m) = (cpu.r(rn), cpu.r(rm));
            $operation(cpu, rd, n, m, Kind::$kind);
        })*)*
    };
}

parallel! {
    Signed: sadd16 Sadd16 add16, sasx Sasx asx, ssax Ssax sax, ssub16 Ssub16 sub16, sadd8 Sadd8 add8, ssub8 Ssub8 sub8;
    SignedSaturated: qadd16 Qadd16 add16, qasx Qasx asx, qsax Qsax sax, qsub16 Qsub16 sub16, qadd8 Qadd8 add8,
        qsub8 Qsub8 sub8;
    SignedHalved: shadd16 Shadd16 add16, shasx Shasx asx, shsax Shsax sax, shsub16 Shsub16 sub16, shadd8 Shadd8 add8,
        shsub8 Shsub8 sub8;
    Unsigned: uadd16 Uadd16 add16, uasx Uasx asx, usax Usax sax, usub16 Usub16 sub16, uadd8 Uadd8 add8, usub8 Usub8 sub8;
    UnsignedSaturated: uqadd16 Uqadd16 add16, uqasx Uqasx asx, uqsax Uqsax sax, uqsub16 Uqsub16 sub16, uqadd8 Uqadd8 add8,
        uqsub8 Uqsub8 sub8;
    UnsignedHalved: uhadd16 Uhadd16 add16, uhasx Uhasx asx, uhsax Uhsax sax, uhsub16 Uhsub16 sub16, uhadd8 Uhadd8 add8,
        uhsub8 Uhsub8 sub8;
}

/// PKHBT.
#[inline(always)]
pub fn pkhbt(cpu: &mut State, Pkhbt { rd, rn, rm, amount }: Pkhbt) {
    let shifted = cpu.r(rm) << (amount & 31);
    cpu.set_r(rd, cpu.r(rn) & 0xffff | shifted & 0xffff_0000);
}

/// PKHTB.
#[inline(always)]
pub fn pkhtb(cpu: &mut State, Pkhtb { rd, rn, rm, amount }: Pkhtb) {
    let (shifted, _) = shift(cpu.r(rm), ASR, amount, false);
    cpu.set_r(rd, cpu.r(rn) & 0xffff_0000 | shifted & 0xffff);
}

/// SEL: bytes by GE.
#[inline(always)]
pub fn sel(cpu: &mut State, Sel { rd, rn, rm }: Sel) {
    let (n, m, ge) = (cpu.r(rn), cpu.r(rm), cpu.a32.ge);
    let mask = (0..4).fold(0u32, |mask, lane| {
        mask | (u32::from(ge >> lane & 1) * 0xff) << (8 * lane)
    });
    cpu.set_r(rd, n & mask | m & !mask);
}

/// `value` within `low..=high`; Q is set if it was not.
#[inline(always)]
fn saturate(cpu: &mut State, value: i32, low: i32, high: i32) -> u32 {
    let result = value.clamp(low, high);
    if result != value {
        cpu.a32.q = true;
    }
    result as u32
}

/// The least and the greatest signed number of 1 to 32 bits.
#[inline(always)]
fn signed_limits(to: u8) -> (i32, i32) {
    let high = (1i64 << (to.wrapping_sub(1) & 31)) - 1;
    (!high as i32, high as i32)
}

/// The greatest unsigned number of 0 to 31 bits.
#[inline(always)]
fn unsigned_limit(to: u8) -> i32 {
    ((1u32 << (to & 31)) - 1) as i32
}

/// SSAT.
#[inline(always)]
pub fn ssat(
    cpu: &mut State,
    Ssat {
        rd,
        to,
        rn,
        shift: kind,
        amount,
    }: Ssat,
) {
    let (operand, _) = shift(cpu.r(rn), kind, amount, false);
    let (low, high) = signed_limits(to);
    let result = saturate(cpu, operand as i32, low, high);
    cpu.set_r(rd, result);
}

/// USAT.
#[inline(always)]
pub fn usat(
    cpu: &mut State,
    Usat {
        rd,
        to,
        rn,
        shift: kind,
        amount,
    }: Usat,
) {
    let (operand, _) = shift(cpu.r(rn), kind, amount, false);
    let result = saturate(cpu, operand as i32, 0, unsigned_limit(to));
    cpu.set_r(rd, result);
}

/// SSAT16.
#[inline(always)]
pub fn ssat16(cpu: &mut State, Ssat16 { rd, to, rn }: Ssat16) {
    let (low, high) = signed_limits(to);
    let [a, b] = halves(cpu.r(rn), true).map(|half| saturate(cpu, half, low, high) & 0xffff);
    cpu.set_r(rd, a | b << 16);
}

/// USAT16.
#[inline(always)]
pub fn usat16(cpu: &mut State, Usat16 { rd, to, rn }: Usat16) {
    let [a, b] = halves(cpu.r(rn), true).map(|half| saturate(cpu, half, 0, unsigned_limit(to)) & 0xffff);
    cpu.set_r(rd, a | b << 16);
}

/// The two halfwords of a rotated register that an extension of bytes makes.
#[inline(always)]
fn extended_bytes(value: u32, signed: bool) -> [u32; 2] {
    let bytes = bytes(value, signed);
    [bytes[0] as u32, bytes[2] as u32]
}

/// `title extension: function Type, function with addition Type;`
macro_rules! extensions {
    ($($extension:expr => $plain:ident $Plain:ident, $adding:ident $Adding:ident;)*) => {
        $(#[doc = concat!(stringify!($Plain), ".")]
        #[inline(always)]
        pub fn $plain(cpu: &mut State, $Plain { rd, rm, rotation }: $Plain) {
            let rotated = cpu.r(rm).rotate_right(rotation.into());
            let extension: fn(u32) -> u32 = $extension;
            cpu.set_r(rd, extension(rotated));
        }
        #[doc = concat!(stringify!($Adding), ".")]
        #[inline(always)]
        pub fn $adding(cpu: &mut State, $Adding { rd, rn, rm, rotation }: $Adding) {
            let rotated = cpu.r(rm).rotate_right(rotation.into());
            let extension: fn(u32) -> u32 = $extension;
            cpu.set_r(rd, cpu.r(rn).wrapping_add(extension(rotated)));
        })*
    };
}

extensions! {
    |value| value as i8 as u32 => sxtb Sxtb, sxtab Sxtab;
    |value| value as i16 as u32 => sxth Sxth, sxtah Sxtah;
    |value| u32::from(value as u8) => uxtb Uxtb, uxtab Uxtab;
    |value| u32::from(value as u16) => uxth Uxth, uxtah Uxtah;
}

macro_rules! extensions16 {
    ($($signed:literal => $plain:ident $Plain:ident, $adding:ident $Adding:ident;)*) => {
        $(#[doc = concat!(stringify!($Plain), ".")]
        #[inline(always)]
        pub fn $plain(cpu: &mut State, $Plain { rd, rm, rotation }: $Plain) {
            let [low, high] = extended_bytes(cpu.r(rm).rotate_right(rotation.into()), $signed);
            cpu.set_r(rd, low & 0xffff | high << 16);
        }
        #[doc = concat!(stringify!($Adding), ".")]
        #[inline(always)]
        pub fn $adding(cpu: &mut State, $Adding { rd, rn, rm, rotation }: $Adding) {
            let [low, high] = extended_bytes(cpu.r(rm).rotate_right(rotation.into()), $signed);
            let n = cpu.r(rn);
            cpu.set_r(rd, n.wrapping_add(low) & 0xffff | (n >> 16).wrapping_add(high) << 16);
        })*
    };
}

extensions16! {
    true => sxtb16 Sxtb16, sxtab16 Sxtab16;
    false => uxtb16 Uxtb16, uxtab16 Uxtab16;
}

/// REV.
#[inline(always)]
pub fn rev(cpu: &mut State, Rev { rd, rm }: Rev) {
    cpu.set_r(rd, cpu.r(rm).swap_bytes());
}

/// REV16.
#[inline(always)]
pub fn rev16(cpu: &mut State, Rev16 { rd, rm }: Rev16) {
    cpu.set_r(rd, cpu.r(rm).swap_bytes().rotate_right(16));
}

/// REVSH.
#[inline(always)]
pub fn revsh(cpu: &mut State, Revsh { rd, rm }: Revsh) {
    cpu.set_r(rd, (cpu.r(rm) as u16).swap_bytes() as i16 as u32);
}

/// RBIT.
#[inline(always)]
pub fn rbit(cpu: &mut State, Rbit { rd, rm }: Rbit) {
    cpu.set_r(rd, cpu.r(rm).reverse_bits());
}

/// CLZ.
#[inline(always)]
pub fn clz(cpu: &mut State, Clz { rd, rm }: Clz) {
    cpu.set_r(rd, cpu.r(rm).leading_zeros());
}

/// The sum of the absolute differences of the bytes.
#[inline(always)]
fn absolute_differences(n: u32, m: u32) -> u32 {
    let (n, m) = (n.to_le_bytes(), m.to_le_bytes());
    (0..4).map(|lane| u32::from(n[lane].abs_diff(m[lane]))).sum()
}

/// USAD8.
#[inline(always)]
pub fn usad8(cpu: &mut State, Usad8 { rd, rn, rm }: Usad8) {
    cpu.set_r(rd, absolute_differences(cpu.r(rn), cpu.r(rm)));
}

/// USADA8.
#[inline(always)]
pub fn usada8(cpu: &mut State, Usada8 { rd, rn, rm, ra }: Usada8) {
    let sum = absolute_differences(cpu.r(rn), cpu.r(rm)).wrapping_add(cpu.r(ra));
    cpu.set_r(rd, sum);
}

/// A bit field of 1 to 32 bits, at the left end.
#[inline(always)]
fn at_the_left(value: u32, lsb: u8, width: u8) -> u32 {
    value << ((32 - u32::from(lsb) - u32::from(width)) & 31)
}

/// SBFX.
#[inline(always)]
pub fn sbfx(cpu: &mut State, Sbfx { rd, rn, lsb, width }: Sbfx) {
    let field = at_the_left(cpu.r(rn), lsb, width) as i32 >> ((32 - u32::from(width)) & 31);
    cpu.set_r(rd, field as u32);
}

/// UBFX.
#[inline(always)]
pub fn ubfx(cpu: &mut State, Ubfx { rd, rn, lsb, width }: Ubfx) {
    let field = at_the_left(cpu.r(rn), lsb, width) >> ((32 - u32::from(width)) & 31);
    cpu.set_r(rd, field);
}

/// The bits of a field.
#[inline(always)]
fn mask(lsb: u8, width: u8) -> u32 {
    u32::MAX >> ((32 - u32::from(width)) & 31) << (lsb & 31)
}

/// BFC.
#[inline(always)]
pub fn bfc(cpu: &mut State, Bfc { rd, lsb, width }: Bfc) {
    cpu.set_r(rd, cpu.r(rd) & !mask(lsb, width));
}

/// BFI.
#[inline(always)]
pub fn bfi(cpu: &mut State, Bfi { rd, rn, lsb, width }: Bfi) {
    let mask = mask(lsb, width);
    cpu.set_r(rd, cpu.r(rd) & !mask | cpu.r(rn) << (lsb & 31) & mask);
}

/// MOVW: MOV (immediate) of 16 bits.
#[inline(always)]
pub fn movw(cpu: &mut State, Movw { rd, imm }: Movw) {
    cpu.set_r(rd, imm.into());
}

/// MOVT.
#[inline(always)]
pub fn movt(cpu: &mut State, Movt { rd, imm }: Movt) {
    cpu.set_r(rd, cpu.r(rd) & 0xffff | u32::from(imm) << 16);
}

/// CRC32, CRC32C.
#[inline(always)]
pub fn crc32(
    cpu: &mut State,
    Crc32 {
        rd,
        rn,
        rm,
        size,
        castagnoli,
    }: Crc32,
) {
    let (accumulator, value) = (cpu.r(rn), cpu.r(rm));
    let bytes = 1 << (size & 3);
    let result = if castagnoli {
        crc::crc32c(accumulator, value.into(), bytes)
    } else {
        crc::crc32(accumulator, value.into(), bytes)
    };
    cpu.set_r(rd, result);
}
