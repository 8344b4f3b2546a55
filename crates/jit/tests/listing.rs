//! A listing shows every guest instruction of a region once, with its operations and its host code.

use armlet_cpu::{Access, Fault, FaultKind};

#[test]
fn a_loop_is_listed_instruction_by_instruction() {
    let words = [
        0x1e60_2800u32, // fadd d0, d0, d0
        0x9100_0421,    // add x1, x1, #1
        0xb5ff_ffc1,    // cbnz x1, the start
        0xd65f_03c0,    // ret
    ];
    let mut code = |address: u64| {
        let index = (address - 0x1000) / 4;
        words.get(index as usize).copied().ok_or(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    };
    let listing = armlet_jit::listing(0x1000, &mut code).expect("the code is there");
    let addresses: Vec<u64> = listing.instructions.iter().map(|listed| listed.pc).collect();
    assert_eq!(addresses, [0x1000, 0x1004, 0x1008, 0x100c]);
    let mut end = 0;
    for listed in &listing.instructions {
        assert!(!listed.ops.is_empty(), "{listed:?}");
        assert!(listed.host.start >= end && !listed.host.is_empty(), "{listed:?}");
        end = listed.host.end;
    }
    assert!(end <= listing.bytes.len());
    assert!(listing.mappings[0].1.v.iter().any(|&(guest, _)| guest == 0));
}
