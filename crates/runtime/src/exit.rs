//! How threads and processes end.

use std::sync::atomic::Ordering;

use armlet_cpu::Fault;
use armlet_memory::{compare_exchange, load, read_struct, store};
use armlet_observe::End;
use armlet_syscall::abi::Abi;
use armlet_syscall::host;

use crate::signal::host::{Mailbox, exit_group, gettid};
use crate::thread::{Thread, quiet_call};

/// `ROBUST_LIST_LIMIT`: longer lists are cut, as in the kernel.
const ROBUST_LIMIT: usize = 2048;
const FUTEX_WAITERS: u32 = 0x8000_0000;
const FUTEX_OWNER_DIED: u32 = 0x4000_0000;
const FUTEX_TID_MASK: u32 = 0x3fff_ffff;

/// Ends the process with that status.
pub(crate) fn process(thread: &mut Thread, status: i32) -> ! {
    thread.tell(End::Process(status));
    thread.report_statistics(&format!("exited {status}"));
    if thread.process.program.abi == Abi::A32 {
        // The host's kernel does not know the lists of 32-bit threads.
        if thread.process.borrows_memory {
            release_robust_list_a32(&thread.mailbox);
        } else {
            for mailbox in thread.process.threads.lock().iter() {
                release_robust_list_a32(mailbox);
            }
        }
    }
    if let Some(strace) = &thread.process.program.strace {
        strace.exited(status);
    }
    exit_group(status)
}

/// Does what the kernel does for the guest at a thread's end, while the host thread still has some way to go: marks the robust mutexes
/// that it holds, and clears and wakes the word at `clear_child_tid`.
pub(crate) fn thread_ends(thread: &Thread) {
    match thread.process.program.abi {
        Abi::A64 => release_robust_list(),
        Abi::A32 => release_robust_list_a32(&thread.mailbox),
    }
    let address = thread.clear_child_tid;
    if address != 0 {
        // Nothing is to be done if the word is not there any more.
        let _ = store(address, 0_u32);
        wake(address);
    }
}

/// Wakes one waiter, in this process or in another.
fn wake(address: u64) {
    quiet_call(libc::SYS_futex, [address, libc::FUTEX_WAKE as u64, 1]);
}

/// exit_robust_list() of the kernel. The list is taken from the kernel, and away from it: this host thread ends later, when the guest may
/// have given the memory another use.
fn release_robust_list() {
    let (mut head, mut length) = (0_u64, 0_u64);
    let args = [0, &raw mut head as u64, &raw mut length as u64, 0, 0, 0];
    // SAFETY: stores two words that live across the call.
    if unsafe { host::call(libc::SYS_get_robust_list, args) }.is_err() || head == 0 {
        return;
    }
    quiet_call(libc::SYS_set_robust_list, [0, 24]);
    if let Ok(list) = read_struct::<[u64; 3]>(head) {
        walk(head, list, gettid() as u32, load::<u64>);
    }
}

/// The same for the list of a 32-bit thread.
fn release_robust_list_a32(mailbox: &Mailbox) {
    let head = mailbox.robust_list.swap(0, Ordering::Relaxed);
    if head == 0 {
        return;
    }
    if let Ok([first, offset, waiting]) = read_struct::<[u32; 3]>(head) {
        // The distance is signed.
        let list = [first.into(), i64::from(offset as i32) as u64, waiting.into()];
        let thread = mailbox.thread.load(Ordering::Relaxed) as u32;
        walk(head, list, thread, |entry| load::<u32>(entry).map(u64::from));
    }
}

/// Marks every mutex on the list {first entry, distance from an entry to its word, entry that is being taken}.
fn walk(head: u64, list: [u64; 3], thread: u32, next_of: impl Fn(u64) -> Result<u64, Fault>) {
    let [first, offset, waiting] = list;
    let mut entry = first;
    for _ in 0..ROBUST_LIMIT {
        if entry & !1 == head {
            break;
        }
        // Read before the mutex is given away.
        let Ok(next) = next_of(entry & !1) else { break };
        if entry & !1 != waiting & !1 {
            owner_died(mutex_of(entry, offset), thread);
        }
        entry = next;
    }
    if waiting != 0 {
        owner_died(mutex_of(waiting, offset), thread);
    }
}

fn mutex_of(entry: u64, offset: u64) -> u64 {
    (entry & !1).wrapping_add(offset)
}

/// Marks a mutex of a thread that is gone, and wakes who waits for it.
fn owner_died(address: u64, thread: u32) {
    let Ok(mut value) = load::<u32>(address) else { return };
    while value & FUTEX_TID_MASK == thread {
        match compare_exchange(address, value, value & FUTEX_WAITERS | FUTEX_OWNER_DIED) {
            Ok(seen) if seen == value => {
                if value & FUTEX_WAITERS != 0 {
                    wake(address);
                }
                return;
            }
            Ok(seen) => value = seen,
            Err(_) => return,
        }
    }
}
