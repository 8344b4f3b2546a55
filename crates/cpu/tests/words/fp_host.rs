//! The host's hardware judges round-to-nearest arithmetic of single and double precision, bit for bit: all pairs of
//! special values and many random ones. Each operation runs with IXC clear and set, so that both the exact code and the
//! fast paths are judged, and the two must agree on everything but that bit.

use crate::values::{Random, specials};
use armlet_cpu::fp::{self, Float, FpEnv, fpsr};

/// Runs `operation` with both states of IXC; checks that only IXC differs; returns the result.
fn both<F: Float + std::fmt::LowerHex>(operation: impl Fn(&mut FpEnv) -> F) -> F {
    let (mut clear, mut set) = (FpEnv::new(0, 0), FpEnv::new(0, fpsr::IXC));
    let (slow, fast) = (operation(&mut clear), operation(&mut set));
    assert!(slow == fast, "without IXC {slow:#x}, with it {fast:#x}");
    assert_eq!(clear.fpsr | fpsr::IXC, set.fpsr);
    slow
}

macro_rules! judge {
    ($name:ident, $bits:ty, $float:ty) => {
        #[test]
        fn $name() {
            type Bits = $bits;
            let value = <$float>::from_bits;
            let check = |what: &str, operands: &[Bits], ours: Bits, host: $float| {
                let same = if host.is_nan() {
                    value(ours).is_nan()
                } else {
                    ours == host.to_bits()
                };
                assert!(
                    same,
                    "{what} {operands:x?}: {ours:#x}, the host says {:#x}",
                    host.to_bits()
                );
            };
            let pair = |a: Bits, b: Bits, c: Bits| {
                check(
                    "add",
                    &[a, b],
                    both(|env| fp::add(a, b, env)),
                    value(a) + value(b),
                );
                check(
                    "sub",
                    &[a, b],
                    both(|env| fp::sub(a, b, env)),
                    value(a) - value(b),
                );
                check(
                    "mul",
                    &[a, b],
                    both(|env| fp::mul(a, b, env)),
                    value(a) * value(b),
                );
                check(
                    "div",
                    &[a, b],
                    both(|env| fp::div(a, b, env)),
                    value(a) / value(b),
                );
                check("sqrt", &[a], both(|env| fp::sqrt(a, env)), value(a).sqrt());
                check(
                    "mul_add",
                    &[a, b, c],
                    both(|env| fp::mul_add(c, a, b, env)),
                    value(a).mul_add(value(b), value(c)),
                );
                let environment = &mut FpEnv::default();
                assert_eq!(
                    fp::equal(a, b, environment),
                    value(a) == value(b),
                    "{a:#x} == {b:#x}"
                );
                assert_eq!(
                    fp::greater_equal(a, b, environment),
                    value(a) >= value(b),
                    "{a:#x} >= {b:#x}"
                );
                assert_eq!(
                    fp::greater(a, b, environment),
                    value(a) > value(b),
                    "{a:#x} > {b:#x}"
                );
            };
            let specials = specials::<Bits>();
            let mut random = Random::new(1);
            for &a in &specials {
                for &b in &specials {
                    pair(a, b, specials[random.below(specials.len())]);
                }
            }
            for _ in 0..100_000 {
                let a = random.number();
                let (b, c) = (random.near(a), random.number());
                pair(a, b, c);
            }
        }
    };
}

judge!(single_precision_is_the_hosts, u32, f32);
judge!(double_precision_is_the_hosts, u64, f64);
