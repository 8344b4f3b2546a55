//! Socket options of AArch32 programs whose structures lie otherwise in memory.

mod common;

use armlet_memory::{read_struct, write_struct};
use armlet_syscall::Errno;
use common::Guest;

const SOL_IP: u64 = 0;
const MCAST_JOIN_SOURCE_GROUP: u64 = 46;
const MCAST_MSFILTER: u64 = 48;
const SOL_PACKET: u64 = 263;
const PACKET_FANOUT_DATA: u64 = 22;

/// `struct sockaddr_storage` with an IPv4 address.
fn address(bytes: [u8; 4]) -> [u32; 32] {
    let mut words = [0; 32];
    words[0] = libc::AF_INET as u32;
    words[1] = u32::from_le_bytes(bytes);
    words
}

#[test]
fn the_sources_of_a_multicast_group() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    let socket = guest.value("socket", &[libc::AF_INET as u64, libc::SOCK_DGRAM as u64, 0]);
    let socket = socket.expect("a socket");
    let (group, source) = (address([224, 1, 2, 3]), address([127, 0, 0, 9]));
    // struct group_source_req: the interface (lo), the group, the source.
    write_struct(at, &1_u32).expect("memory");
    write_struct(at + 4, &group).expect("memory");
    write_struct(at + 132, &source).expect("memory");
    let joined = guest.value("setsockopt", &[socket, SOL_IP, MCAST_JOIN_SOURCE_GROUP, at, 260]);
    assert_eq!(joined, Ok(0));
    // struct group_filter with room for two sources.
    let length = at + 2048;
    write_struct(at + 136, &2_u32).expect("memory");
    write_struct(length, &(140_u32 + 256)).expect("memory");
    let read = guest.value("getsockopt", &[socket, SOL_IP, MCAST_MSFILTER, at, length]);
    assert_eq!(read, Ok(0));
    assert_eq!(
        read_struct::<[u32; 2]>(at + 132),
        Ok([1, 1]),
        "MCAST_INCLUDE, one source"
    );
    assert_eq!(read_struct::<[u32; 32]>(at + 140), Ok(source));
    let other = address([127, 0, 0, 10]);
    write_struct(at + 140, &other).expect("memory");
    let written = guest.value("setsockopt", &[socket, SOL_IP, MCAST_MSFILTER, at, 140 + 128]);
    assert_eq!(written, Ok(0));
    write_struct(at + 140, &source).expect("memory");
    assert_eq!(
        guest.value("getsockopt", &[socket, SOL_IP, MCAST_MSFILTER, at, length]),
        Ok(0)
    );
    assert_eq!(read_struct::<[u32; 32]>(at + 140), Ok(other));
    write_struct(length, &100_u32).expect("memory");
    let short = guest.value("getsockopt", &[socket, SOL_IP, MCAST_MSFILTER, at, length]);
    assert_eq!(short, Err(Errno::EINVAL));
    guest.value("close", &[socket]).expect("a descriptor");
}

#[test]
fn a_program_that_spreads_packets() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    let socket = guest.value("socket", &[libc::AF_PACKET as u64, libc::SOCK_RAW as u64, 0]);
    // An ordinary user gets none.
    let Ok(socket) = socket else { return };
    // PACKET_FANOUT by PACKET_FANOUT_CBPF, in a group of any number.
    write_struct(at, &(6_u32 << 16 | 0x1000_0000)).expect("memory");
    let lo = link(&mut guest);
    assert_eq!(guest.value("bind", &[socket, lo, 20]), Ok(0));
    assert_eq!(guest.value("setsockopt", &[socket, SOL_PACKET, 18, at, 4]), Ok(0));
    // struct sock_fprog of one instruction: return 0.
    write_struct(at, &[1, at as u32 + 64]).expect("memory");
    write_struct(at + 64, &[0x0006_u32, 0]).expect("memory");
    let set =
        |guest: &mut Guest, length| guest.value("setsockopt", &[socket, SOL_PACKET, PACKET_FANOUT_DATA, at, length]);
    assert_eq!(set(&mut guest, 8), Ok(0));
    assert_eq!(set(&mut guest, 16), Err(Errno::EINVAL));
    guest.value("close", &[socket]).expect("a descriptor");
}

/// `struct sockaddr_ll` of the interface `lo`.
fn link(guest: &mut Guest) -> u64 {
    let at = guest.buffer(4096);
    let words = [libc::AF_PACKET as u32 | u32::from(0x0300_u16) << 16, 1, 0, 0, 0];
    write_struct(at, &words).expect("memory");
    at
}
