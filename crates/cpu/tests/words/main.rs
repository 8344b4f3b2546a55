//! Tests of floating point and cryptography. The judges are outside: the host's hardware (`fp_host`), a search among all
//! half-precision numbers (`fp_half`), published vectors (`known_answers`), and qemu-user (`fp_qemu`, `crypto_qemu`),
//! which runs real instructions; those tests are ignored unless asked for, because they need tools:
//! `cargo test -- --ignored oracle_`.

mod crypto_qemu;
mod fp_half;
mod fp_host;
mod fp_qemu;
mod judge;
mod known_answers;
mod values;
