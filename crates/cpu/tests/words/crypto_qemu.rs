//! `qemu-aarch64` judges the cryptographic functions and CRC32, on random operands.

use crate::judge::{Case, Input, Result, judge};
use crate::values::Random;
use armlet_cpu::crypto::{aes, crc, polynomial, sha1, sha256, sha512, sm3, sm4};
use std::rc::Rc;

/// Records per instruction.
const COUNT: usize = 5_000;

fn inputs() -> Rc<[Input]> {
    let mut random = Random::new(COUNT as u64);
    let mut vector = || u128::from(random.bits()) << 64 | u128::from(random.bits());
    (0..COUNT)
        .map(|_| Input {
            v: [(); 4].map(|()| vector()),
            x: vector() as u64,
            ..Input::default()
        })
        .collect()
}

/// A function of d, n, m and a.
type Vectors = fn(u128, u128, u128, u128) -> u128;

fn vectors(list: &[(&str, Vectors)]) -> Vec<Case> {
    let inputs = inputs();
    let case = |&(text, function): &(&str, Vectors)| Case {
        text: text.into(),
        inputs: inputs.clone(),
        ours: Box::new(move |i, _| Result::Vector(function(i.v[0], i.v[1], i.v[2], i.v[3]))),
    };
    list.iter().map(case).collect()
}

/// The bytes of two vectors, combined.
fn bytes(n: u128, m: u128, function: fn(u8, u8) -> u8) -> u128 {
    let (n, m) = (n.to_le_bytes(), m.to_le_bytes());
    u128::from_le_bytes(std::array::from_fn(|i| function(n[i], m[i])))
}

#[test]
#[ignore = "needs qemu-user and the cross compiler"]
fn oracle_crypto() {
    judge(
        "oracle_crypto",
        &vectors(&[
            ("aese v0.16b, v1.16b", |d, n, _, _| aes::encrypt(d, n)),
            ("aesd v0.16b, v1.16b", |d, n, _, _| aes::decrypt(d, n)),
            ("aesmc v0.16b, v1.16b", |_, n, _, _| aes::mix_columns(n)),
            ("aesimc v0.16b, v1.16b", |_, n, _, _| aes::inverse_mix_columns(n)),
            ("sha1c q0, s1, v2.4s", |d, n, m, _| sha1::hash_choose(d, n as u32, m)),
            ("sha1p q0, s1, v2.4s", |d, n, m, _| sha1::hash_parity(d, n as u32, m)),
            ("sha1m q0, s1, v2.4s", |d, n, m, _| sha1::hash_majority(d, n as u32, m)),
            ("sha1h s0, s1", |_, n, _, _| sha1::fixed_rotate(n as u32).into()),
            ("sha1su0 v0.4s, v1.4s, v2.4s", |d, n, m, _| sha1::schedule0(d, n, m)),
            ("sha1su1 v0.4s, v1.4s", |d, n, _, _| sha1::schedule1(d, n)),
            ("sha256h q0, q1, v2.4s", |d, n, m, _| sha256::hash(d, n, m)),
            ("sha256h2 q0, q1, v2.4s", |d, n, m, _| sha256::hash2(d, n, m)),
            ("sha256su0 v0.4s, v1.4s", |d, n, _, _| sha256::schedule0(d, n)),
            ("sha256su1 v0.4s, v1.4s, v2.4s", |d, n, m, _| sha256::schedule1(d, n, m)),
            ("sha512h q0, q1, v2.2d", |d, n, m, _| sha512::hash(d, n, m)),
            ("sha512h2 q0, q1, v2.2d", |d, n, m, _| sha512::hash2(d, n, m)),
            ("sha512su0 v0.2d, v1.2d", |d, n, _, _| sha512::schedule0(d, n)),
            ("sha512su1 v0.2d, v1.2d, v2.2d", |d, n, m, _| sha512::schedule1(d, n, m)),
            ("sm3ss1 v0.4s, v1.4s, v2.4s, v3.4s", |_, n, m, a| sm3::ss1(n, m, a)),
            ("sm3tt1a v0.4s, v1.4s, v2.s[1]", |d, n, m, _| sm3::tt1a(d, n, m, 1)),
            ("sm3tt1b v0.4s, v1.4s, v2.s[3]", |d, n, m, _| sm3::tt1b(d, n, m, 3)),
            ("sm3tt2a v0.4s, v1.4s, v2.s[0]", |d, n, m, _| sm3::tt2a(d, n, m, 0)),
            ("sm3tt2b v0.4s, v1.4s, v2.s[2]", |d, n, m, _| sm3::tt2b(d, n, m, 2)),
            ("sm3partw1 v0.4s, v1.4s, v2.4s", |d, n, m, _| sm3::part_w1(d, n, m)),
            ("sm3partw2 v0.4s, v1.4s, v2.4s", |d, n, m, _| sm3::part_w2(d, n, m)),
            ("sm4e v0.4s, v1.4s", |d, n, _, _| sm4::encrypt(d, n)),
            ("sm4ekey v0.4s, v1.4s, v2.4s", |_, n, m, _| sm4::expand_key(n, m)),
            ("pmul v0.16b, v1.16b, v2.16b", |_, n, m, _| {
                bytes(n, m, |n, m| polynomial::multiply8(n, m) as u8)
            }),
            ("pmull v0.8h, v1.8b, v2.8b", |_, n, m, _| {
                let (n, m) = (n.to_le_bytes(), m.to_le_bytes());
                (0..8)
                    .rev()
                    .fold(0, |v, i| v << 16 | u128::from(polynomial::multiply8(n[i], m[i])))
            }),
            ("pmull v0.1q, v1.1d, v2.1d", |_, n, m, _| {
                polynomial::multiply64(n as u64, m as u64)
            }),
            ("pmull2 v0.1q, v1.2d, v2.2d", |_, n, m, _| {
                polynomial::multiply64((n >> 64) as u64, (m >> 64) as u64)
            }),
        ]),
    );
}

#[test]
#[ignore = "needs qemu-user and the cross compiler"]
fn oracle_crc() {
    let inputs = inputs();
    let mut cases = Vec::new();
    for (name, function) in [
        ("crc32", crc::crc32 as fn(u32, u64, u32) -> u32),
        ("crc32c", crc::crc32c),
    ] {
        for (suffix, register, size) in [('b', 'w', 1), ('h', 'w', 2), ('w', 'w', 4), ('x', 'x', 8)] {
            cases.push(Case {
                // The accumulator and the value come from the same register, which is random.
                text: format!("{name}{suffix} w0, w1, {register}1"),
                inputs: inputs.clone(),
                ours: Box::new(move |i, _| Result::General(function(i.x as u32, i.x, size).into())),
            });
        }
    }
    judge("oracle_crc", &cases);
}
