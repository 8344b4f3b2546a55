//! ioctl(2) of AArch32 programs: a table of the requests whose argument is the same on both sides, and functions for those whose is
//! not. What is in neither is said by name on stderr, once, and answered with ENOTTY: guessing a layout would corrupt memory.

use std::sync::Mutex;

use armlet_memory as memory;

use crate::Errno;
use crate::call::Call;
use crate::strace::names;
use crate::task::Reply;
use crate::time::Width;

/// Ranges of requests whose argument is nothing, a number, or a structure of fixed widths. A request is looked up by its lower 16 bits
/// (letter and number) together with the size that is coded into it, so that a 64-bit variant is not taken for a 32-bit one.
const SAME: &[(u32, u32)] = &[
    // Terminals: TCGETS to TIOCGEXCL, without the serial port's structure (0x541e, 0x541f) and FIOQSIZE.
    (0x5401, 0x541d),
    (0x5420, 0x5429),
    (0x5440, 0x5440),
    (0x5450, 0x5453),
    (0x5456, 0x545d),
    // TCGETS2 and its kin, TIOCGPTN, TIOCSPTLCK, TIOCGDEV, TIOCGPKT, TIOCGPTLCK, TIOCGEXCL, TIOCGPTPEER.
    (0x402c_542b, 0x402c_542d),
    (0x802c_542a, 0x802c_542a),
    (0x8004_5430, 0x8004_5440),
    (0x4004_5431, 0x4004_5431),
    (0x4004_5436, 0x4004_5436),
    (0x5441, 0x5441),
    // Virtual consoles and keyboards, as far as their arguments are numbers.
    (0x4b2f, 0x4b3d),
    (0x4b44, 0x4b45),
    (0x4b51, 0x4b51),
    (0x4b62, 0x4b65),
    (0x5600, 0x560a),
    // Files: FIBMAP, FIGETBSZ; FIFREEZE, FITHAW, FITRIM; FICLONE, FICLONERANGE, FIDEDUPERANGE; FIEMAP.
    (0x0001, 0x0002),
    (0xc004_5877, 0xc004_5878),
    (0xc018_5879, 0xc018_5879),
    (0x4004_9409, 0x4004_9409),
    (0x4020_940d, 0x4020_940d),
    (0xc018_9436, 0xc018_9436),
    (0xc020_660b, 0xc020_660b),
    // FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR, FS_IOC_GETFSLABEL, FS_IOC_SETFSLABEL; encryption policies; verity.
    (0x801c_581f, 0x801c_581f),
    (0x401c_5820, 0x401c_5820),
    (0x8100_9431, 0x8100_9431),
    (0x4100_9432, 0x4100_9432),
    (0x800c_6613, 0x800c_6613),
    (0x400c_6615, 0x400c_6615),
    (0xc004_6686, 0xc004_6686),
    // Block devices: BLKROSET to BLKFLSBUF, BLKRASET to BLKSECTGET, BLKSSZGET, BLKDISCARD and its kin, BLKROTATIONAL.
    (0x125d, 0x125f),
    (0x1261, 0x1262),
    (0x1264, 0x1265),
    (0x1267, 0x1268),
    (0x1277, 0x127f),
    // Loop devices: SET_FD, CLR_FD, SET_STATUS64, GET_STATUS64, CHANGE_FD, SET_CAPACITY, SET_DIRECT_IO, SET_BLOCK_SIZE, CTL_*.
    (0x4c00, 0x4c01),
    (0x4c04, 0x4c0a),
    (0x4c80, 0x4c82),
    // Random numbers, real-time clocks, watchdogs, event devices, uinput.
    (0x8004_5200, 0x8004_5200),
    (0x5201, 0x5207),
    (0x4004_5201, 0x4004_5201),
    (0x7001, 0x7006),
    (0x8024_7009, 0x8024_7009),
    (0x4024_700a, 0x4024_700a),
    (0x8028_5700, 0x8028_5700),
    (0x8004_5701, 0x8004_5709),
    (0xc004_5706, 0xc004_5708),
    (0x8004_4501, 0x8004_4501),
    (0x8008_4502, 0x8008_4502),
    (0x4004_4590, 0x4004_4591),
    // Sockets: FIOSETOWN to SIOCATMARK; TUNSETNOCSUM to TUNSETVNETBE, by their small integers.
    (0x8901, 0x8905),
    (0x4004_54c8, 0x4004_54ce),
    (0x8004_54cf, 0x8004_54cf),
    (0x8004_54d3, 0x8004_54d3),
    (0x4004_54d4, 0x4004_54d4),
    (0x8004_54d7, 0x8004_54d7),
    (0x4004_54d8, 0x4004_54d8),
    // TUNSETTXFILTER, TUNSETIFINDEX, TUNSETVNETLE to TUNGETVNETBE, TUNSETCARRIER, TUNGETDEVNETNS.
    (0x4004_54d1, 0x4004_54d1),
    (0x4004_54da, 0x4004_54da),
    (0x4004_54dc, 0x4004_54dc),
    (0x8004_54dd, 0x8004_54dd),
    (0x4004_54de, 0x4004_54de),
    (0x8004_54df, 0x8004_54df),
    (0x4004_54e2, 0x4004_54e2),
    (0x54e3, 0x54e3),
    // Name spaces, pidfd, perf-free eventfds, userfaultfd, vhost-free vsock.
    (0xb701, 0xb704),
    (0x7b9, 0x7b9),
    (0xff00, 0xff0b),
    (0xc018_aa3f, 0xc018_aa3f),
    (0x8010_aa00, 0x8010_aa02),
    (0xc028_aa03, 0xc028_aa03),
    (0xc020_aa04, 0xc020_aa04),
    // Generic SCSI: version, timeouts and reservations that are numbers.
    (0x2201, 0x2203),
    (0x2272, 0x2272),
    (0x2282, 0x2282),
    // CD-ROM drives without structures.
    (0x5301, 0x5302),
    (0x5307, 0x5309),
    (0x5319, 0x5319),
    (0x5320, 0x5329),
];

/// Requests with `struct ifreq`, whose union has no pointer and no `long`.
const INTERFACE: &[u32] = &[
    0x8910, // SIOCGIFNAME
    0x8913, 0x8914, 0x8915, 0x8916, 0x8917, 0x8918, 0x8919, 0x891a, 0x891b, 0x891c, 0x891d, 0x891e, 0x8921, 0x8922,
    0x8923, 0x8924, 0x8925, 0x8926, 0x8927, 0x8929, 0x8930, 0x8931, 0x8932, 0x8933, 0x8934, 0x8935, 0x8936, 0x8937,
    0x8938, 0x8939, 0x893c, 0x893d, 0x8942, 0x8943, 0x8947, 0x8948, 0x89a0, 0x89a1, 0x89a2, 0x89a3, 0x8990, 0x8991,
    0x8992, 0x8993, 0x8995,
];
/// Requests with `struct ifreq`, whose union is a pointer to a structure of fixed widths.
const INTERFACE_DATA: &[u32] = &[
    0x8946, // SIOCETHTOOL
    0x89b0, 0x89b1, // SIOCGHWTSTAMP, SIOCSHWTSTAMP
    0x8994, 0x89f0, 0x89f1, 0x89f2, 0x89f3, 0x89f4, 0x89f5, 0x89f6, 0x89f7, 0x89f8, 0x89f9, 0x89fa, 0x89fb,
];
const SIOCGIFCONF: u32 = 0x8912;
const SIOCGIFMAP: u32 = 0x8970;
const SIOCSIFMAP: u32 = 0x8971;
const SIOCADDRT: u32 = 0x890b;
const SIOCDELRT: u32 = 0x890c;
const SIOCGSTAMP_OLD: u32 = 0x8906;
const SIOCGSTAMPNS_OLD: u32 = 0x8907;
/// `SIOCGSTAMP` and `SIOCGSTAMPNS` with 64-bit times.
const STAMPS: [u32; 2] = [0x8010_8906, 0x8010_8907];
/// `TUNSETIFF`, `TUNGETIFF`, `TUNSETQUEUE`.
const TUN_INTERFACE: [u32; 3] = [0x4004_54ca, 0x8004_54d2, 0x4004_54d9];
const FIOQSIZE: u32 = 0x545e;
const HOST_FIOQSIZE: u64 = 0x5460;
/// Requests that carry the size of a `long` or `size_t`: (32-bit, 64-bit).
const RENUMBERED: [(u32, u64); 6] = [
    (0x8004_6601, 0x8008_6601), // FS_IOC_GETFLAGS, whose argument is an int all the same
    (0x4004_6602, 0x4008_6602), // FS_IOC_SETFLAGS
    (0x8004_7601, 0x8008_7601), // FS_IOC_GETVERSION
    (0x4004_7602, 0x4008_7602), // FS_IOC_SETVERSION
    (0x8004_1272, 0x8008_1272), // BLKGETSIZE64, whose argument has 64 bits all the same
    (0x8004_1270, 0x8008_1270), // BLKBSZGET
];
/// Requests that store one `long`.
const STORES_LONG: [u32; 2] = [0x1260, 0x1263];
/// `BLKBSZSET`.
const BLKBSZSET: (u32, u64) = (0x4004_1271, 0x4008_1271);

/// ioctl(2).
pub fn ioctl(call: &mut Call<'_>) -> Reply {
    let [descriptor, request, argument, ..] = call.args;
    let number = request as u32;
    if let Some((_, host)) = RENUMBERED.iter().find(|(guest, _)| *guest == number) {
        return call.wait(libc::SYS_ioctl, [descriptor, *host, argument]);
    }
    match number {
        FIOQSIZE => call.wait(libc::SYS_ioctl, [descriptor, HOST_FIOQSIZE, argument]),
        _ if STORES_LONG.contains(&number) => {
            let mut value = 0_u64;
            let result = call.host(libc::SYS_ioctl, [descriptor, request, &raw mut value as u64])?;
            call.write(argument, &u32::try_from(value).map_err(|_| Errno::EFBIG)?)?;
            Ok(result)
        }
        _ if number == BLKBSZSET.0 => call.wait(libc::SYS_ioctl, [descriptor, BLKBSZSET.1, argument]),
        SIOCGIFCONF => interfaces(call),
        SIOCGIFMAP | SIOCSIFMAP => interface_map(call),
        SIOCADDRT | SIOCDELRT => route(call),
        SIOCGSTAMP_OLD | SIOCGSTAMPNS_OLD => {
            let mut time = [0_i64; 2];
            let result = call.host(libc::SYS_ioctl, [descriptor, request, time.as_mut_ptr() as u64])?;
            Width::Narrow.write(argument, time)?;
            Ok(result)
        }
        _ if STAMPS.contains(&number) => call.wait(libc::SYS_ioctl, [descriptor, request, argument]),
        _ if INTERFACE.contains(&number) || TUN_INTERFACE.contains(&number) => interface(call, false),
        _ if INTERFACE_DATA.contains(&number) => interface(call, true),
        _ if is_same(number) => call.wait(libc::SYS_ioctl, [descriptor, request, argument]),
        _ => {
            report(number);
            Err(Errno::ENOTTY.into())
        }
    }
}

/// Whether the argument is the same on both sides.
fn is_same(number: u32) -> bool {
    let listed = SAME.iter().any(|&(first, last)| (first..=last).contains(&number));
    // EVIOCG*(length): a buffer of bytes, of any length.
    let event_bytes = number >> 30 == 2
        && number >> 8 & 0xff == u32::from(b'E')
        && matches!(number & 0xff, 0x03 | 0x06..=0x0a | 0x18..=0x1b | 0x20..=0x7f);
    listed || event_bytes
}

/// Says once that a request is unknown.
fn report(number: u32) {
    static SAID: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    // Not waited for: another thread may have held it when this process was forked.
    let Ok(mut said) = SAID.try_lock() else { return };
    if !said.contains(&number) {
        said.push(number);
        let name = names::IOCTL.value(number.into());
        eprintln!(
            "armlet: ioctl {name} ({number:#x}) is answered with ENOTTY: how its argument lies in a 32-bit program's memory is not known"
        );
    }
}

/// Bytes in `struct ifreq` of the guest, of the host; bytes before the union.
const IFREQ: usize = 32;
const HOST_IFREQ: usize = 40;
const IFNAME: usize = 16;

fn pointer(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(4)
        .rev()
        .fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// A request with `struct ifreq`.
fn interface(call: &mut Call<'_>, has_pointer: bool) -> Reply {
    let [descriptor, request, argument, ..] = call.args;
    let mut guest = [0; IFREQ];
    memory::read_bytes(argument, &mut guest)?;
    let mut host = [0; HOST_IFREQ];
    host[..IFREQ].copy_from_slice(&guest);
    if has_pointer {
        // Whatever lies behind the pointer is no part of it.
        host[IFNAME + 4..].fill(0);
    }
    let result = call.wait(libc::SYS_ioctl, [descriptor, request, host.as_mut_ptr() as u64])?;
    if has_pointer {
        host[IFNAME + 4..IFREQ].copy_from_slice(&guest[IFNAME + 4..]);
    }
    memory::write_bytes(argument, &host[..IFREQ])?;
    Ok(result)
}

/// `SIOCGIFCONF`: a list of `struct ifreq`.
fn interfaces(call: &mut Call<'_>) -> Reply {
    let [descriptor, request, argument, ..] = call.args;
    let [length, buffer]: [u32; 2] = call.read(argument)?;
    let room = (length as i32).max(0) as usize / IFREQ;
    let mut host = vec![0_u8; room * HOST_IFREQ];
    let pointer = if buffer == 0 { 0 } else { host.as_mut_ptr() as u64 };
    // struct ifconf: an int, padding, a pointer.
    let mut list = [host.len() as u64, pointer];
    let result = call.host(libc::SYS_ioctl, [descriptor, request, list.as_mut_ptr() as u64])?;
    let count = list[0] as u32 as usize / HOST_IFREQ;
    if buffer != 0 {
        for (index, entry) in host.chunks_exact(HOST_IFREQ).take(count).enumerate() {
            memory::write_bytes(u64::from(buffer) + (index * IFREQ) as u64, &entry[..IFREQ])?;
        }
    }
    call.write(argument, &((count * IFREQ) as u32))?;
    Ok(result)
}

/// `SIOCGIFMAP`, `SIOCSIFMAP`: addresses of an interface's memory are `long`s.
fn interface_map(call: &mut Call<'_>) -> Reply {
    let [descriptor, request, argument, ..] = call.args;
    let mut guest = [0; IFREQ];
    memory::read_bytes(argument, &mut guest)?;
    let mut host = [0; HOST_IFREQ];
    host[..IFNAME].copy_from_slice(&guest[..IFNAME]);
    host[16..20].copy_from_slice(&guest[16..20]);
    host[24..28].copy_from_slice(&guest[20..24]);
    host[32..40].copy_from_slice(&guest[24..32]);
    let result = call.host(libc::SYS_ioctl, [descriptor, request, host.as_mut_ptr() as u64])?;
    guest[16..20].copy_from_slice(&host[16..20]);
    guest[20..24].copy_from_slice(&host[24..28]);
    guest[24..32].copy_from_slice(&host[32..40]);
    memory::write_bytes(argument, &guest)?;
    Ok(result)
}

/// `SIOCADDRT`, `SIOCDELRT`: `struct rtentry`.
fn route(call: &mut Call<'_>) -> Reply {
    let [descriptor, request, argument, ..] = call.args;
    // rt_pad1; three socket addresses; rt_flags, rt_pad2; rt_pad3; rt_tos to rt_metric; rt_dev; rt_mtu, rt_window, rt_irtt.
    let mut guest = [0_u8; 84];
    memory::read_bytes(argument, &mut guest)?;
    let mut host = [0_u8; 120];
    host[..4].copy_from_slice(&guest[..4]);
    host[8..60].copy_from_slice(&guest[4..56]);
    host[64..68].copy_from_slice(&guest[56..60]);
    host[80..82].copy_from_slice(&guest[64..66]);
    host[88..96].copy_from_slice(&pointer(&guest[68..72]).to_le_bytes());
    host[96..100].copy_from_slice(&guest[72..76]);
    host[104..108].copy_from_slice(&guest[76..80]);
    host[112..114].copy_from_slice(&guest[80..82]);
    Ok(call.host(libc::SYS_ioctl, [descriptor, request, host.as_ptr() as u64])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_by_layout() {
        for known in [
            libc::TCGETS,
            libc::TIOCGWINSZ,
            libc::FIONREAD,
            libc::FIOCLEX,
            libc::TIOCGPTN,
            libc::FICLONE,
        ] {
            assert!(is_same(known as u32), "{known:#x}");
        }
        // Numbers of 64-bit programs, SG_IO (pointers inside), FIOQSIZE (another number).
        for other in [0x8008_6601_u32, 0x2285, FIOQSIZE, 0x541e] {
            assert!(!is_same(other), "{other:#x}");
        }
    }
}
