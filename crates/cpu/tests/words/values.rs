//! Operands for floating-point tests: special values of a format, and random ones of all kinds.

use armlet_cpu::fp::Float;

/// Zeros, denormals, the ends of the normal range, small integers and their neighbours, limits of integers, infinities,
/// quiet and signalling NaNs; all of both signs.
pub fn specials<F: Float>() -> Vec<F> {
    let (e, f) = (F::EXPONENT_BITS, F::FRACTION_BITS);
    let bias = (1u64 << (e - 1)) - 1;
    let fraction = (1u64 << f) - 1;
    let infinity = ((1u64 << e) - 1) << f;
    let power = |exponent: i64| (bias as i64 + exponent).clamp(1, (1 << e) - 2) as u64 * (1 << f);
    let mut magnitudes = vec![
        0,
        1,
        2,
        1 << (f - 1),
        (1 << (f - 1)) + 1,
        1 << (f - 2),
        fraction - 1,
        fraction,
    ];
    magnitudes.extend([
        1 << f,
        (1 << f) + 1,
        2 << f,
        infinity - 1,
        infinity - 2,
        infinity - (1 << f),
    ]);
    for exponent in [-3, -2, -1, 0, 1, 2, 5, 15, 16, 31, 32, 63, 64, f.into()] {
        magnitudes.extend([
            power(exponent),
            power(exponent) - 1,
            power(exponent) + 1,
            power(exponent) | 1 << (f - 1),
        ]);
    }
    magnitudes.extend([
        infinity,
        infinity | 1,
        infinity | 1 << (f - 2),
        infinity | 1 << (f - 1),
        infinity | fraction,
    ]);
    magnitudes.sort_unstable();
    magnitudes.dedup();
    magnitudes
        .iter()
        .flat_map(|&magnitude| [magnitude, magnitude | 1 << (e + f)])
        .map(F::from_bits)
        .collect()
}

/// A small generator (xorshift64*): the same numbers in every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() >> 33) as usize % limit
    }

    /// Uniform bits, or a moderate exponent, or few significant bits.
    pub fn number<F: Float>(&mut self) -> F {
        let (e, f) = (F::EXPONENT_BITS, F::FRACTION_BITS);
        let bits = self.bits();
        let moderate = (1u64 << (e - 1)) - 8 + (self.bits() >> 60);
        let with_exponent = |bits: u64| bits & !(((1 << e) - 1) << f) | moderate << f;
        F::from_bits(match self.below(4) {
            0 => bits,
            1 => with_exponent(bits),
            2 => with_exponent(bits & !0 << (f - 4)),
            _ => bits & !0 << (f / 2),
        })
    }

    /// Any number, or one in the neighbourhood of `other`, of either sign.
    pub fn near<F: Float>(&mut self, other: F) -> F {
        match self.below(3) {
            0 => {
                let sign = (self.bits() & 1) << (F::EXPONENT_BITS + F::FRACTION_BITS);
                F::from_bits((other.bits() ^ sign).wrapping_add(self.bits() >> 61))
            }
            _ => self.number(),
        }
    }
}
