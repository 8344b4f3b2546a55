//! Stacks without locks, by exclusive accesses: whoever pops an element reads the element below it, and stores that as the new top only if nobody has popped and pushed
//! meanwhile. The top is then often what it was, with something else below it, so that its value alone says nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread::available_parallelism;

use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_interpreter::a64::Stop;
use armlet_jit::{Jit, Thread, supported};

/// Guest address of the code; nothing is mapped there, the words come from a function.
const BASE: u64 = 0x10_0000;
/// How often each thread pops two elements and pushes them again.
const ROUNDS: u64 = 50_000;
const SVC: u32 = 0xd400_0001;

/// An element, or the top of the stack, on a cache line of its own: the address of what is below, and how many threads have the element.
#[repr(align(64))]
#[derive(Default)]
struct Element {
    below: AtomicU64,
    owners: AtomicU64,
}

impl Element {
    fn address(&self) -> u64 {
        std::ptr::from_ref(self) as u64
    }
}

/// Load-acquire-exclusive of X4 and store-exclusive of X5, load-exclusive of X5 and store-release-exclusive of X4 and of X12, all
/// at X0, status W6.
const SINGLE: [u32; 5] = [0xc85f_fc04, 0xc806_7c05, 0xc85f_7c05, 0xc806_fc04, 0xc806_fc0c];
/// The same of pairs with X11.
const PAIRS: [u32; 5] = [0xc87f_ac04, 0xc826_2c05, 0xc87f_2c05, 0xc826_ac04, 0xc826_ac0c];

/// X3 rounds: pops two elements (waiting a little before the first one is stored), and pushes the first one first, so that it is the top again with something else below
/// it. X2 counts elements that another thread had, too.
fn code([pop_load, pop_store, push_load, push_store, push_first]: [u32; 5]) -> Vec<u32> {
    vec![
        pop_load,
        0xf940_0085, // ldr x5, [x4]
        0xd280_1909, // mov x9, #0xc8
        0xf100_0529, // subs x9, x9, #0x1
        0x54ff_ffe1, // b.ne c
        pop_store,
        0x35ff_ff46, // cbnz w6, 0
        0xaa04_03ec, // mov x12, x4
        pop_load,
        0xf940_0085, // ldr x5, [x4]
        pop_store,
        0x35ff_ffa6, // cbnz w6, 20
        0xd280_0027, // mov x7, #0x1
        0x9100_208a, // add x10, x4, #0x8
        0x9100_218d, // add x13, x12, #0x8
        0xf8e7_0148, // ldaddal x7, x8, [x10]
        0x8b08_0042, // add x2, x2, x8
        0xf8e7_01a8, // ldaddal x7, x8, [x13]
        0x8b08_0042, // add x2, x2, x8
        0x9280_0007, // mov x7, #0xffffffffffffffff
        0xf8e7_0148, // ldaddal x7, x8, [x10]
        0xf8e7_01a8, // ldaddal x7, x8, [x13]
        push_load,
        0xf900_0185, // str x5, [x12]
        push_first,
        0x35ff_ffa6, // cbnz w6, 58
        push_load,
        0xf900_0085, // str x5, [x4]
        push_store,
        0x35ff_ffa6, // cbnz w6, 68
        0xf100_0463, // subs x3, x3, #0x1
        0x54ff_fc21, // b.ne 0
        SVC,
    ]
}

/// Runs instructions to their SVC.
fn run(thread: &mut Thread, cpu: &mut State, words: &[u32]) {
    let mut fetch = |address: u64| {
        let index = usize::try_from(address.wrapping_sub(BASE) / 4).unwrap_or(usize::MAX);
        words.get(index).copied().ok_or(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    };
    cpu.pc = BASE;
    let stop = thread.run(cpu, &mut fetch, &AtomicU32::new(0));
    assert_eq!(stop, Stop::Trap(Trap::SupervisorCall { imm: 0 }));
}

/// Elements one above the other, the first one at the top.
fn stack(count: usize) -> (Element, Vec<Element>) {
    let elements: Vec<Element> = (0..count).map(|_| Element::default()).collect();
    for pair in elements.windows(2) {
        pair[0].below.store(pair[1].address(), Ordering::Relaxed);
    }
    let top = Element::default();
    top.below.store(elements[0].address(), Ordering::Relaxed);
    (top, elements)
}

/// How many elements are in a stack, which has no more than there are.
fn height(top: &Element, elements: &[Element]) -> usize {
    let mut next = top.below.load(Ordering::Relaxed);
    let mut height = 0;
    while let Some(element) = elements.iter().find(|element| element.address() == next) {
        height += 1;
        next = element.below.load(Ordering::Relaxed);
        assert!(height <= elements.len(), "the stack has no end");
    }
    assert_eq!(next, 0, "the stack ends");
    height
}

fn many_threads(accesses: [u32; 5]) {
    let threads = 2 * available_parallelism().map_or(2, usize::from);
    let (top, elements) = stack(2 * threads + 2);
    let jit = Arc::new(Jit::new().expect("memory for code"));
    let words = code(accesses);
    let worker = || {
        let mut cpu = State::default();
        (cpu.x[0], cpu.x[3]) = (top.address(), ROUNDS);
        run(&mut Thread::new(jit.clone(), 0), &mut cpu, &words);
        cpu.x[2]
    };
    let shared: u64 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("it ends")).sum()
    });
    assert_eq!(shared, 0, "elements that two threads had");
    assert!(
        elements
            .iter()
            .all(|element| element.owners.load(Ordering::Relaxed) == 0)
    );
    assert_eq!(height(&top, &elements), elements.len(), "elements that are left");
}

#[test]
fn elements_are_neither_lost_nor_doubled() {
    assert!(supported(), "the host is not x86-64-v3");
    many_threads(SINGLE);
    many_threads(PAIRS);
}

/// One thread has read the top; another pops two elements and pushes the first one again. Each of the two is translated at once (patience 0), or interpreted.
fn comes_back(accesses: [u32; 5], patience: [u16; 2]) {
    let [pop_load, pop_store, push_load, push_store, _] = accesses;
    let (top, elements) = stack(3);
    let jit = Arc::new(Jit::new().expect("memory for code"));
    let step = |patience: u16, cpu: &mut State, words: &[u32]| {
        jit.invalidate(&(BASE..BASE + 64));
        run(&mut Thread::new(jit.clone(), patience), cpu, words);
    };
    let (mut slow, mut quick) = (State::default(), State::default());
    (slow.x[0], quick.x[0]) = (top.address(), top.address());
    step(patience[0], &mut slow, &[pop_load, 0xf940_0085, SVC]);
    let mut popped = Vec::new();
    for _ in 0..2 {
        step(patience[1], &mut quick, &[pop_load, 0xf940_0085, pop_store, SVC]);
        assert_eq!(quick.x[6], 0, "the store-exclusive succeeds");
        popped.push(quick.x[4]);
    }
    quick.x[4] = popped[0];
    step(patience[1], &mut quick, &[push_load, 0xf900_0085, push_store, SVC]);
    assert_eq!(quick.x[6], 0, "the store-exclusive succeeds");
    assert_eq!(top.below.load(Ordering::Relaxed), slow.x[4], "the value is what it was");
    step(patience[0], &mut slow, &[pop_store, SVC]);
    assert_eq!(slow.x[6], 1, "the store-exclusive fails");
    assert_eq!(height(&top, &elements), 2);
}

#[test]
fn a_value_that_comes_back_is_noticed() {
    assert!(supported(), "the host is not x86-64-v3");
    for accesses in [SINGLE, PAIRS] {
        for patience in [[0, 0], [0, u16::MAX], [u16::MAX, 0], [u16::MAX, u16::MAX]] {
            comes_back(accesses, patience);
        }
    }
}
