//! The Cryptographic Extension: the functions are in `armlet_cpu::crypto`, here are the registers.

use armlet_cpu::a64::State;
use armlet_cpu::crypto::{aes, polynomial, sha1, sha256};
use armlet_decoder::a32::*;

use super::vector::double;

/// Q\[n / 2\].
#[inline(always)]
fn quad(cpu: &State, n: u8) -> u128 {
    cpu.v(n >> 1 & 15)
}

/// Writes Q\[n / 2\].
#[inline(always)]
fn set_quad(cpu: &mut State, n: u8, value: u128) {
    cpu.set_v(n >> 1 & 15, value);
}

/// `name Type = |d, m| result`.
macro_rules! two_registers {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { vd, vm }: $Type) {
            let f: fn(u128, u128) -> u128 = $f;
            set_quad(cpu, vd, f(quad(cpu, vd), quad(cpu, vm)));
        }
    )*};
}

two_registers! {
    /// AESE.
    aese Aese = aes::encrypt;
    /// AESD.
    aesd Aesd = aes::decrypt;
    /// AESMC.
    aesmc Aesmc = |_, m| aes::mix_columns(m);
    /// AESIMC.
    aesimc Aesimc = |_, m| aes::inverse_mix_columns(m);
    /// SHA1H.
    sha1h Sha1h = |_, m| sha1::fixed_rotate(m as u32).into();
    /// SHA1SU1.
    sha1su1 Sha1su1 = sha1::schedule1;
    /// SHA256SU0.
    sha256su0 Sha256su0 = sha256::schedule0;
}

/// `name Type = |d, n, m| result`.
macro_rules! three_registers {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { vd, vn, vm }: $Type) {
            let f: fn(u128, u128, u128) -> u128 = $f;
            set_quad(cpu, vd, f(quad(cpu, vd), quad(cpu, vn), quad(cpu, vm)));
        }
    )*};
}

three_registers! {
    /// SHA1C.
    sha1c Sha1c = |d, n, m| sha1::hash_choose(d, n as u32, m);
    /// SHA1P.
    sha1p Sha1p = |d, n, m| sha1::hash_parity(d, n as u32, m);
    /// SHA1M.
    sha1m Sha1m = |d, n, m| sha1::hash_majority(d, n as u32, m);
    /// SHA1SU0.
    sha1su0 Sha1su0 = sha1::schedule0;
    /// SHA256H.
    sha256h Sha256h = sha256::hash;
    /// SHA256H2.
    sha256h2 Sha256h2 = sha256::hash2;
    /// SHA256SU1.
    sha256su1 Sha256su1 = sha256::schedule1;
}

/// VMULL (polynomial) of 64 bits.
#[inline(always)]
pub fn vmull_poly64(cpu: &mut State, VmullPoly64 { vd, vn, vm }: VmullPoly64) {
    set_quad(cpu, vd, polynomial::multiply64(double(cpu, vn), double(cpu, vm)));
}
