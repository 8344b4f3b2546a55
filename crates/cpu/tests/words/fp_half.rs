//! Half precision and the rounding modes, judged by definition: sums, differences and products of half-precision numbers
//! are exact in double precision, and the right result is found by searching among all half-precision numbers.

use crate::values::{Random, specials};
use armlet_cpu::fp::{self, FpEnv, Fpcr, Rounding, fpsr};

const INFINITY: u16 = 0x7c00;
const SMALLEST_NORMAL: f64 = 1.0 / 16384.0;

/// The value of a finite half-precision number, from the definition of the format; with an unbounded exponent field.
fn value(magnitude: u16) -> f64 {
    let (field, fraction) = (i32::from(magnitude >> 10), f64::from(magnitude & 0x3ff));
    match field {
        0 => fraction * (-24f64).exp2(),
        _ => (1024.0 + fraction) * f64::from(field - 25).exp2(),
    }
}

/// A non-zero number rounded, and the flags that it raises.
fn rounded(exact: f64, mode: Rounding, flush: bool) -> (u16, u32) {
    let magnitude = exact.abs();
    let sign = u16::from(exact < 0.0) << 15;
    if flush && magnitude < SMALLEST_NORMAL {
        return (sign, fpsr::UFC);
    }
    // The neighbours: at and below, above.
    let all: Vec<u16> = (0..=INFINITY).collect();
    let above = all.partition_point(|&half| value(half) <= magnitude) as u16;
    let below = above - 1;
    let inexact = value(below) != magnitude;
    if below == INFINITY {
        let to_infinity = match mode {
            Rounding::TowardZero => false,
            Rounding::TowardPositive => exact > 0.0,
            Rounding::TowardNegative => exact < 0.0,
            _ => true,
        };
        return (sign | (INFINITY - u16::from(!to_infinity)), fpsr::OFC | fpsr::IXC);
    }
    let up = match mode {
        Rounding::TowardPositive => exact > 0.0,
        Rounding::TowardNegative => exact < 0.0,
        Rounding::TowardZero => false,
        _ => {
            let (down, up) = (magnitude - value(below), value(above) - magnitude);
            up < down || up == down && below & 1 != 0
        }
    };
    let result = if inexact && up { above } else { below };
    let mut flags = if inexact { fpsr::IXC } else { 0 };
    if inexact && magnitude < SMALLEST_NORMAL {
        flags |= fpsr::UFC;
    }
    if result == INFINITY {
        flags |= fpsr::OFC;
    }
    (sign | result, flags)
}

#[test]
fn half_precision_is_the_nearest_number_of_its_mode() {
    let signed = |half: u16| value(half & 0x7fff) * if half >> 15 == 0 { 1.0 } else { -1.0 };
    let is_denormal = |half: u16| half & 0x7fff != 0 && half & INFINITY == 0;
    let mut random = Random::new(2);
    let specials = specials::<u16>();
    for round in 0..20_000 {
        let (a, b) = match round % 2 {
            0 => (
                specials[random.below(specials.len())],
                specials[random.below(specials.len())],
            ),
            _ => (random.number(), random.number()),
        };
        let fpcr = random.bits() as u32 & (Fpcr::RMODE | Fpcr::FZ16);
        let flush = fpcr & Fpcr::FZ16 != 0;
        let special = |half: u16| half & INFINITY == INFINITY || flush && is_denormal(half);
        if special(a) || special(b) {
            continue;
        }
        let mode = Fpcr(fpcr).rounding();
        let results = [
            ("add", signed(a) + signed(b), fp::add as fn(u16, u16, &mut FpEnv) -> u16),
            ("sub", signed(a) - signed(b), fp::sub),
            ("mul", signed(a) * signed(b), fp::mul),
        ];
        for (name, exact, function) in results {
            let mut env = FpEnv::new(fpcr, 0);
            let ours = (function(a, b, &mut env), env.fpsr);
            if exact == 0.0 {
                assert_eq!((ours.0 & 0x7fff, ours.1), (0, 0), "{name} {a:#x} {b:#x}");
            } else {
                assert_eq!(
                    ours,
                    rounded(exact, mode, flush),
                    "{name} {a:#x} {b:#x}, {mode:?}, FZ16 {flush}"
                );
            }
        }
    }
}
