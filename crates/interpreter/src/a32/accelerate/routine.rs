//! The routines, by the names that the run-time ABI of the Arm architecture gives them (IHI 0043, 4.1), and what each does; and C's square root.
//!
//! A double or an integer of 64 bits is in R0 (low word) and R1, a second one in R2 and R3; a single or a word is in R0, a second one in R1. All
//! other registers and the flags are the caller's to lose; they stay.

use armlet_cpu::a64::{Flags, State};

/// How a routine takes and gives values: what the translator, and a comparison with the routine itself, have to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Two doubles to one.
    Double(Arithmetic),
    /// Two singles to one.
    Single(Arithmetic),
    /// Two doubles to 0 or 1 in R0.
    DoubleIs(Relation),
    /// Two singles to 0 or 1 in R0.
    SingleIs(Relation),
    /// Anything to one word in R0.
    Word,
    /// Anything to R0 and R1.
    Pair,
    /// Two numbers to the flags; R0 to R3 are not lost.
    Flags,
    /// Two integers to their quotient, their remainder, or both.
    Divide(Division),
}

impl Ways {
    /// The registers with the result: those before this number. The flags are one only if R0 to R3 are not lost.
    pub fn results(self) -> u8 {
        match self {
            Ways::Double(_) | Ways::Pair => 2,
            Ways::Single(_) | Ways::DoubleIs(_) | Ways::SingleIs(_) | Ways::Word => 1,
            Ways::Flags => 4,
            Ways::Divide(Division {
                wide,
                quotient,
                remainder,
                ..
            }) => (u8::from(quotient) + u8::from(remainder)) << u8::from(wide),
        }
    }
}

/// A division of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// Of 64 bits, not 32.
    pub wide: bool,
    /// With signs, towards zero.
    pub signed: bool,
    /// The quotient is a result.
    pub quotient: bool,
    /// The remainder is one, behind the quotient.
    pub remainder: bool,
}

impl Division {
    const fn of(wide: bool, signed: bool, quotient: bool, remainder: bool) -> Ways {
        Ways::Divide(Division {
            wide,
            signed,
            quotient,
            remainder,
        })
    }

    /// Quotient and remainder; `None` where the divisor is zero, which each library handles in its own way.
    #[inline(always)]
    fn divide(self, a: u64, b: u64) -> Option<(u64, u64)> {
        if self.signed {
            let (a, b) = (a as i64, b as i64);
            (b != 0).then(|| (a.wrapping_div(b) as u64, a.wrapping_rem(b) as u64))
        } else {
            Some((a.checked_div(b)?, a % b))
        }
    }
}

/// An operation of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// The sum.
    Add,
    /// The first less the second.
    Sub,
    /// The second less the first.
    Rsub,
    /// The product.
    Mul,
    /// The quotient.
    Div,
}

/// A comparison of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Equal.
    Eq,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater or equal.
    Ge,
    /// Greater.
    Gt,
}

/// What a routine does with the registers; `None` where the routine itself has to run. Nothing is changed then.
type Perform = fn(&mut State) -> Option<()>;

/// `Variant name [other symbols] ways perform;` a line.
macro_rules! routines {
    ($($Variant:ident $name:literal [$($symbol:literal),*] $ways:expr, $perform:expr;)*) => {
        /// A routine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Routine {
            $(#[doc = $name] $Variant,)*
        }

        impl Routine {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Routine] = &[$(Routine::$Variant,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Routine::$Variant => $name,)*
                }
            }

            /// The symbols that it has in libraries.
            pub fn symbols(self) -> &'static [&'static str] {
                match self {
                    $(Routine::$Variant => &[$name, $($symbol),*],)*
                }
            }

            /// How it takes and gives values.
            pub fn ways(self) -> Ways {
                use Ways::*;
                match self {
                    $(Routine::$Variant => $ways,)*
                }
            }

            /// Does what the routine does, but for the return; `false`, and nothing changed, where the routine itself has to do it.
            #[inline(always)]
            pub fn perform(self, cpu: &mut State) -> bool {
                match self {
                    $(Routine::$Variant => {
                        let perform: Perform = $perform;
                        perform(cpu).is_some()
                    })*
                }
            }
        }
    };
}

#[inline(always)]
fn pair(cpu: &State, n: u8) -> u64 {
    u64::from(cpu.r(n + 1)) << 32 | u64::from(cpu.r(n))
}

#[inline(always)]
fn set_pair(cpu: &mut State, value: u64) {
    cpu.set_r(0, value as u32);
    cpu.set_r(1, (value >> 32) as u32);
}

/// Two doubles to one that is a number: which NaN comes out is the library's choice.
#[inline(always)]
fn double(cpu: &mut State, operation: impl Fn(f64, f64) -> f64) -> Option<()> {
    let result = operation(f64::from_bits(pair(cpu, 0)), f64::from_bits(pair(cpu, 2)));
    (!result.is_nan()).then(|| set_pair(cpu, result.to_bits()))
}

/// The sum of two doubles, under one more condition. libgcc keeps of what it shifts out by more than 32 places only whether there was anything,
/// which is too little where a difference falls just short of a power of two: it rounds some of these the wrong way, and its own code has to do so.
#[inline(always)]
fn double_sum(cpu: &mut State, operation: impl Fn(f64, f64) -> f64) -> Option<()> {
    let result = operation(f64::from_bits(pair(cpu, 0)), f64::from_bits(pair(cpu, 2)));
    let short = result.to_bits() >> 32 & SHORT_OF_A_POWER == SHORT_OF_A_POWER;
    (!result.is_nan() & !short).then(|| set_pair(cpu, result.to_bits()))
}

/// Two singles to one that is a number.
#[inline(always)]
fn single(cpu: &mut State, operation: impl Fn(f32, f32) -> f32) -> Option<()> {
    let result = operation(f32::from_bits(cpu.r(0)), f32::from_bits(cpu.r(1)));
    (!result.is_nan()).then(|| cpu.set_r(0, result.to_bits()))
}

/// The quotient of two doubles, if it is no smaller than any normal number: Zig's library rounds those the wrong way.
#[inline(always)]
fn double_quotient(cpu: &mut State) -> Option<()> {
    let result = f64::from_bits(pair(cpu, 0)) / f64::from_bits(pair(cpu, 2));
    (result.abs() > f64::MIN_POSITIVE).then(|| set_pair(cpu, result.to_bits()))
}

/// The same of two singles.
#[inline(always)]
fn single_quotient(cpu: &mut State) -> Option<()> {
    let result = f32::from_bits(cpu.r(0)) / f32::from_bits(cpu.r(1));
    (result.abs() > f32::MIN_POSITIVE).then(|| cpu.set_r(0, result.to_bits()))
}

/// Two doubles that can be compared, to a word.
#[inline(always)]
fn double_to_word(cpu: &mut State, word: impl Fn(f64, f64) -> u32) -> Option<()> {
    let (a, b) = (f64::from_bits(pair(cpu, 0)), f64::from_bits(pair(cpu, 2)));
    (!a.is_nan() & !b.is_nan()).then(|| cpu.set_r(0, word(a, b)))
}

/// Two singles that can be compared, to a word.
#[inline(always)]
fn single_to_word(cpu: &mut State, word: impl Fn(f32, f32) -> u32) -> Option<()> {
    let (a, b) = (f32::from_bits(cpu.r(0)), f32::from_bits(cpu.r(1)));
    (!a.is_nan() & !b.is_nan()).then(|| cpu.set_r(0, word(a, b)))
}

/// -1, 0 or 1.
#[inline(always)]
fn order<T: PartialOrd>(a: T, b: T) -> u32 {
    (i32::from(a > b) - i32::from(a < b)) as u32
}

/// The flags after the comparison of such an order with zero, as the routines make them: C is clear for less, Z is set for equal.
#[inline(always)]
fn flags<T: PartialOrd>(a: T, b: T) -> Option<Flags> {
    let order = a.partial_cmp(&b)?;
    Some(Flags {
        n: order.is_lt(),
        z: order.is_eq(),
        c: order.is_ge(),
        v: false,
    })
}

#[inline(always)]
fn double_to_flags(cpu: &mut State) -> Option<()> {
    cpu.flags = flags(f64::from_bits(pair(cpu, 0)), f64::from_bits(pair(cpu, 2)))?;
    Some(())
}

#[inline(always)]
fn single_to_flags(cpu: &mut State) -> Option<()> {
    cpu.flags = flags(f32::from_bits(cpu.r(0)), f32::from_bits(cpu.r(1)))?;
    Some(())
}

/// Exchanges the two operands of `words` words: libgcc's reversed comparisons leave them like that.
#[inline(always)]
fn swap(cpu: &mut State, words: u8) {
    for n in 0..words {
        let (first, second) = (cpu.r(n), cpu.r(n + words));
        cpu.set_r(n, second);
        cpu.set_r(n + words, first);
    }
}

/// A division of 32 bits.
#[inline(always)]
fn divide(cpu: &mut State, signed: bool, quotient: bool, remainder: bool) -> Option<()> {
    let division = Division {
        wide: false,
        signed,
        quotient,
        remainder,
    };
    let word = |word: u32| if signed { word as i32 as u64 } else { word.into() };
    let (q, r) = division.divide(word(cpu.r(0)), word(cpu.r(1)))?;
    if remainder {
        cpu.set_r(quotient.into(), r as u32);
    }
    if quotient {
        cpu.set_r(0, q as u32);
    }
    Some(())
}

/// A division of 64 bits.
#[inline(always)]
fn divide_wide(cpu: &mut State, signed: bool, quotient: bool, remainder: bool) -> Option<()> {
    let division = Division {
        wide: true,
        signed,
        quotient,
        remainder,
    };
    let (q, r) = division.divide(pair(cpu, 0), pair(cpu, 2))?;
    if remainder {
        set_pair(cpu, r);
    }
    if quotient && remainder {
        cpu.set_r(2, cpu.r(0));
        cpu.set_r(3, cpu.r(1));
    }
    if quotient {
        set_pair(cpu, q);
    }
    Some(())
}

/// The double in R0 and R1, if it is in a range.
#[inline(always)]
fn double_in(cpu: &State, inside: impl Fn(f64) -> bool) -> Option<f64> {
    Some(f64::from_bits(pair(cpu, 0))).filter(|&value| inside(value))
}

/// The single in R0, if it is in a range.
#[inline(always)]
fn single_in(cpu: &State, inside: impl Fn(f32) -> bool) -> Option<f32> {
    Some(f32::from_bits(cpu.r(0))).filter(|&value| inside(value))
}

/// Bits of a double's high word that are set just below a power of two.
pub const SHORT_OF_A_POWER: u64 = 0xf_ffff;

const TWO_31: f32 = 2_147_483_648.0;
const TWO_32: f32 = 4_294_967_296.0;
const TWO_63: f32 = 9_223_372_036_854_775_808.0;
const TWO_64: f32 = 18_446_744_073_709_551_616.0;

routines! {
    Dadd "__aeabi_dadd" ["__adddf3"] Double(Arithmetic::Add), |cpu| double_sum(cpu, |a, b| a + b);
    Dsub "__aeabi_dsub" ["__subdf3"] Double(Arithmetic::Sub), |cpu| double_sum(cpu, |a, b| a - b);
    Drsub "__aeabi_drsub" [] Double(Arithmetic::Rsub), |cpu| double_sum(cpu, |a, b| b - a);
    Dmul "__aeabi_dmul" ["__muldf3"] Double(Arithmetic::Mul), |cpu| double(cpu, |a, b| a * b);
    Ddiv "__aeabi_ddiv" ["__divdf3"] Double(Arithmetic::Div), double_quotient;
    Fadd "__aeabi_fadd" ["__addsf3"] Single(Arithmetic::Add), |cpu| single(cpu, |a, b| a + b);
    Fsub "__aeabi_fsub" ["__subsf3"] Single(Arithmetic::Sub), |cpu| single(cpu, |a, b| a - b);
    Frsub "__aeabi_frsub" [] Single(Arithmetic::Rsub), |cpu| single(cpu, |a, b| b - a);
    Fmul "__aeabi_fmul" ["__mulsf3"] Single(Arithmetic::Mul), |cpu| single(cpu, |a, b| a * b);
    Fdiv "__aeabi_fdiv" ["__divsf3"] Single(Arithmetic::Div), single_quotient;
    Dcmpeq "__aeabi_dcmpeq" [] DoubleIs(Relation::Eq), |cpu| double_to_word(cpu, |a, b| (a == b).into());
    Dcmplt "__aeabi_dcmplt" [] DoubleIs(Relation::Lt), |cpu| double_to_word(cpu, |a, b| (a < b).into());
    Dcmple "__aeabi_dcmple" [] DoubleIs(Relation::Le), |cpu| double_to_word(cpu, |a, b| (a <= b).into());
    Dcmpge "__aeabi_dcmpge" [] DoubleIs(Relation::Ge), |cpu| double_to_word(cpu, |a, b| (a >= b).into());
    Dcmpgt "__aeabi_dcmpgt" [] DoubleIs(Relation::Gt), |cpu| double_to_word(cpu, |a, b| (a > b).into());
    Dcmpun "__aeabi_dcmpun" ["__unorddf2"] Word, |cpu| double_to_word(cpu, |_, _| 0);
    Dcmp "__cmpdf2" ["__eqdf2", "__nedf2", "__ltdf2", "__ledf2", "__gtdf2", "__gedf2"] Word, |cpu| double_to_word(cpu, order);
    Fcmpeq "__aeabi_fcmpeq" [] SingleIs(Relation::Eq), |cpu| single_to_word(cpu, |a, b| (a == b).into());
    Fcmplt "__aeabi_fcmplt" [] SingleIs(Relation::Lt), |cpu| single_to_word(cpu, |a, b| (a < b).into());
    Fcmple "__aeabi_fcmple" [] SingleIs(Relation::Le), |cpu| single_to_word(cpu, |a, b| (a <= b).into());
    Fcmpge "__aeabi_fcmpge" [] SingleIs(Relation::Ge), |cpu| single_to_word(cpu, |a, b| (a >= b).into());
    Fcmpgt "__aeabi_fcmpgt" [] SingleIs(Relation::Gt), |cpu| single_to_word(cpu, |a, b| (a > b).into());
    Fcmpun "__aeabi_fcmpun" ["__unordsf2"] Word, |cpu| single_to_word(cpu, |_, _| 0);
    Fcmp "__cmpsf2" ["__eqsf2", "__nesf2", "__ltsf2", "__lesf2", "__gtsf2", "__gesf2"] Word, |cpu| single_to_word(cpu, order);
    Cdcmple "__aeabi_cdcmple" ["__aeabi_cdcmpeq"] Flags, double_to_flags;
    Cdrcmple "__aeabi_cdrcmple" [] Flags, |cpu| {
        swap(cpu, 2);
        double_to_flags(cpu).or_else(|| {
            swap(cpu, 2);
            None
        })
    };
    Cfrcmple "__aeabi_cfrcmple" [] Flags, |cpu| {
        swap(cpu, 1);
        single_to_flags(cpu).or_else(|| {
            swap(cpu, 1);
            None
        })
    };
    Cfcmple "__aeabi_cfcmple" ["__aeabi_cfcmpeq"] Flags, single_to_flags;
    D2f "__aeabi_d2f" ["__truncdfsf2"] Word, |cpu| {
        let value = double_in(cpu, |a| !a.is_nan())?;
        cpu.set_r(0, (value as f32).to_bits());
        Some(())
    };
    F2d "__aeabi_f2d" ["__extendsfdf2"] Pair, |cpu| {
        let value = single_in(cpu, |a| !a.is_nan())?;
        set_pair(cpu, f64::from(value).to_bits());
        Some(())
    };
    I2d "__aeabi_i2d" ["__floatsidf"] Pair, |cpu| {
        set_pair(cpu, f64::from(cpu.r(0) as i32).to_bits());
        Some(())
    };
    Ui2d "__aeabi_ui2d" ["__floatunsidf"] Pair, |cpu| {
        set_pair(cpu, f64::from(cpu.r(0)).to_bits());
        Some(())
    };
    I2f "__aeabi_i2f" ["__floatsisf"] Word, |cpu| {
        cpu.set_r(0, (cpu.r(0) as i32 as f32).to_bits());
        Some(())
    };
    Ui2f "__aeabi_ui2f" ["__floatunsisf"] Word, |cpu| {
        cpu.set_r(0, (cpu.r(0) as f32).to_bits());
        Some(())
    };
    L2d "__aeabi_l2d" ["__floatdidf"] Pair, |cpu| {
        set_pair(cpu, (pair(cpu, 0) as i64 as f64).to_bits());
        Some(())
    };
    Ul2d "__aeabi_ul2d" ["__floatundidf"] Pair, |cpu| {
        set_pair(cpu, (pair(cpu, 0) as f64).to_bits());
        Some(())
    };
    L2f "__aeabi_l2f" ["__floatdisf"] Word, |cpu| {
        cpu.set_r(0, (pair(cpu, 0) as i64 as f32).to_bits());
        Some(())
    };
    Ul2f "__aeabi_ul2f" ["__floatundisf"] Word, |cpu| {
        cpu.set_r(0, (pair(cpu, 0) as f32).to_bits());
        Some(())
    };
    D2iz "__aeabi_d2iz" ["__fixdfsi"] Word, |cpu| {
        let value = double_in(cpu, |a| a > -f64::from(TWO_31) - 1.0 && a < f64::from(TWO_31))?;
        cpu.set_r(0, value as i32 as u32);
        Some(())
    };
    D2uiz "__aeabi_d2uiz" ["__fixunsdfsi"] Word, |cpu| {
        let value = double_in(cpu, |a| a >= 0.0 && a < f64::from(TWO_32))?;
        cpu.set_r(0, value as u32);
        Some(())
    };
    D2lz "__aeabi_d2lz" ["__fixdfdi"] Pair, |cpu| {
        let value = double_in(cpu, |a| a >= -f64::from(TWO_63) && a < f64::from(TWO_63))?;
        set_pair(cpu, value as i64 as u64);
        Some(())
    };
    D2ulz "__aeabi_d2ulz" ["__fixunsdfdi"] Pair, |cpu| {
        let value = double_in(cpu, |a| a >= 0.0 && a < f64::from(TWO_64))?;
        set_pair(cpu, value as u64);
        Some(())
    };
    F2iz "__aeabi_f2iz" ["__fixsfsi"] Word, |cpu| {
        let value = single_in(cpu, |a| (-TWO_31..TWO_31).contains(&a))?;
        cpu.set_r(0, value as i32 as u32);
        Some(())
    };
    F2uiz "__aeabi_f2uiz" ["__fixunssfsi"] Word, |cpu| {
        let value = single_in(cpu, |a| (0.0..TWO_32).contains(&a))?;
        cpu.set_r(0, value as u32);
        Some(())
    };
    F2lz "__aeabi_f2lz" ["__fixsfdi"] Pair, |cpu| {
        let value = single_in(cpu, |a| (-TWO_63..TWO_63).contains(&a))?;
        set_pair(cpu, value as i64 as u64);
        Some(())
    };
    F2ulz "__aeabi_f2ulz" ["__fixunssfdi"] Pair, |cpu| {
        let value = single_in(cpu, |a| (0.0..TWO_64).contains(&a))?;
        set_pair(cpu, value as u64);
        Some(())
    };
    Sqrt "sqrt" ["__sqrt", "__ieee754_sqrt"] Pair, |cpu| {
        let value = double_in(cpu, |a| a >= 0.0)?;
        set_pair(cpu, value.sqrt().to_bits());
        Some(())
    };
    Uidiv "__aeabi_uidiv" ["__udivsi3"] Division::of(false, false, true, false), |cpu| divide(cpu, false, true, false);
    Idiv "__aeabi_idiv" ["__divsi3"] Division::of(false, true, true, false), |cpu| divide(cpu, true, true, false);
    Umodsi "__umodsi3" [] Division::of(false, false, false, true), |cpu| divide(cpu, false, false, true);
    Modsi "__modsi3" [] Division::of(false, true, false, true), |cpu| divide(cpu, true, false, true);
    Uidivmod "__aeabi_uidivmod" [] Division::of(false, false, true, true), |cpu| divide(cpu, false, true, true);
    Idivmod "__aeabi_idivmod" [] Division::of(false, true, true, true), |cpu| divide(cpu, true, true, true);
    Udivdi "__udivdi3" [] Division::of(true, false, true, false), |cpu| divide_wide(cpu, false, true, false);
    Divdi "__divdi3" [] Division::of(true, true, true, false), |cpu| divide_wide(cpu, true, true, false);
    Umoddi "__umoddi3" [] Division::of(true, false, false, true), |cpu| divide_wide(cpu, false, false, true);
    Moddi "__moddi3" [] Division::of(true, true, false, true), |cpu| divide_wide(cpu, true, false, true);
    Uldivmod "__aeabi_uldivmod" [] Division::of(true, false, true, true), |cpu| divide_wide(cpu, false, true, true);
    Ldivmod "__aeabi_ldivmod" [] Division::of(true, true, true, true), |cpu| divide_wide(cpu, true, true, true);
}

impl Routine {
    /// How many of the registers from R0 on have its operands.
    pub fn operands(self) -> u8 {
        use Routine::*;
        if let Ways::Divide(division) = self.ways() {
            return 2 << u8::from(division.wide);
        }
        match self {
            Dadd | Dsub | Drsub | Dmul | Ddiv | Dcmpeq | Dcmplt | Dcmple | Dcmpge | Dcmpgt | Dcmpun | Dcmp
            | Cdcmple | Cdrcmple => 4,
            F2d | I2d | Ui2d | I2f | Ui2f | F2iz | F2uiz | F2lz | F2ulz => 1,
            _ => 2,
        }
    }

    /// The routine of a library's symbol.
    pub fn of_symbol(symbol: &str) -> Option<Routine> {
        Routine::ALL
            .iter()
            .copied()
            .find(|routine| routine.symbols().contains(&symbol))
    }
}
