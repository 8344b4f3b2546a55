//! `sendmsg`, `recvmsg` and their kin for AArch32 programs: the message, its vectors and its control data are narrower there.

use armlet_memory as memory;

use crate::Errno;
use crate::abi::a32::Msghdr;
use crate::call::Call;
use crate::fs::legacy::iovecs;
use crate::task::{Break, Reply};

/// The longest address that is kept (`struct sockaddr_storage`).
const LONGEST_NAME: u32 = 128;
/// The longest control data that is taken (the kernel's `optmem_max` is 128 KiB).
const LONGEST_CONTROL: u32 = 256 << 10;
/// Bytes in a control header: length, level, type.
const HEADER: usize = 12;
const HOST_HEADER: usize = 16;
/// Bytes of a `struct mmsghdr`: the message, and how much of it was moved.
const MMSGHDR: u64 = 32;
/// Messages that one call takes.
const MOST_MESSAGES: u32 = 1024;

const SCM_TIMESTAMP: u32 = 29;
const SCM_TIMESTAMPNS: u32 = 35;
const SCM_TIMESTAMPING: u32 = 37;

/// A message as the host has it.
struct Host {
    header: libc::msghdr,
    /// What `header` points to.
    vectors: Vec<[u64; 2]>,
    control: Vec<u64>,
}

/// Reads a message; `control` says what becomes of the control data of that length.
fn read(guest: &Msghdr, control: Vec<u64>, control_length: usize) -> Result<Host, Break> {
    if guest.msg_iovlen > libc::UIO_MAXIOV as u32 {
        return Err(Errno::EMSGSIZE.into());
    }
    let vectors = iovecs(guest.msg_iov.into(), guest.msg_iovlen.into())?;
    // SAFETY: zero is a valid value of every field of the C structure.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = u64::from(guest.msg_name) as *mut libc::c_void;
    header.msg_namelen = match guest.msg_namelen as i32 {
        ..0 => return Err(Errno::EINVAL.into()),
        _ => guest.msg_namelen.min(LONGEST_NAME),
    };
    header.msg_iovlen = vectors.len();
    header.msg_controllen = control_length;
    header.msg_flags = guest.msg_flags as i32;
    let mut host = Host {
        header,
        vectors,
        control,
    };
    host.header.msg_iov = host.vectors.as_mut_ptr().cast();
    if control_length != 0 {
        host.header.msg_control = host.control.as_mut_ptr().cast();
    }
    Ok(host)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Appends one control message in the form of the host.
fn put(out: &mut Vec<u8>, level: u32, kind: u32, data: &[u8]) {
    out.resize(out.len().next_multiple_of(8), 0);
    out.extend_from_slice(&((HOST_HEADER + data.len()) as u64).to_le_bytes());
    out.extend_from_slice(&level.to_le_bytes());
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(data);
}

/// As 64-bit words, so that the host finds it aligned, and the length in bytes.
fn aligned(bytes: &[u8]) -> (Vec<u64>, usize) {
    let words = bytes
        .chunks(8)
        .map(|word| word.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte)));
    (words.collect(), bytes.len())
}

/// What is sent: the guest's control data in the form of the host.
fn control_to_host(guest: &Msghdr) -> Result<(Vec<u64>, usize), Break> {
    if guest.msg_control == 0 || guest.msg_controllen == 0 {
        return Ok(Default::default());
    }
    if guest.msg_controllen > LONGEST_CONTROL {
        return Err(Errno::ENOBUFS.into());
    }
    let mut bytes = vec![0; guest.msg_controllen as usize];
    memory::read_bytes(guest.msg_control.into(), &mut bytes)?;
    let (mut at, mut out) = (0, Vec::new());
    while at + HEADER <= bytes.len() {
        let [length, level, kind] = [0, 4, 8].map(|part| word(&bytes, at + part).unwrap_or(0));
        let length = length as usize;
        if length < HEADER || length > bytes.len() - at {
            return Err(Errno::EINVAL.into());
        }
        put(&mut out, level, kind, &bytes[at + HEADER..at + length]);
        at += length.next_multiple_of(4);
    }
    Ok(aligned(&out))
}

/// Data whose size differs: times of the old kinds.
fn narrow(level: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let old_times =
        level == libc::SOL_SOCKET as u32 && matches!(kind, SCM_TIMESTAMP | SCM_TIMESTAMPNS | SCM_TIMESTAMPING);
    if !old_times || !data.len().is_multiple_of(16) {
        return data.to_vec();
    }
    data.chunks_exact(8)
        .flat_map(|part| part[..4].iter().copied())
        .collect()
}

/// What was received: the host's control data, as much of it as the guest has room for. Answers its length, and whether some was
/// left out; descriptors for which there was no room are closed, as the kernel would not have made them.
fn control_to_guest(call: &Call<'_>, host: &Host, guest: &Msghdr) -> Result<(u32, bool), Break> {
    let bytes: Vec<u8> = host.control.iter().flat_map(|word| word.to_le_bytes()).collect();
    let bytes = &bytes[..host.header.msg_controllen.min(bytes.len())];
    let room = guest.msg_controllen as usize;
    let (mut at, mut out, mut cut) = (0, Vec::new(), false);
    while at + HOST_HEADER <= bytes.len() {
        let [length, level, kind] = [0, 8, 12].map(|part| word(bytes, at + part).unwrap_or(0));
        let length = (length as usize).clamp(HOST_HEADER, bytes.len() - at);
        let mut data = narrow(level, kind, &bytes[at + HOST_HEADER..at + length]);
        at += length.next_multiple_of(8);
        let left = room.saturating_sub(out.len() + HEADER);
        if left < data.len() {
            cut = true;
            let descriptors = level == libc::SOL_SOCKET as u32 && kind == libc::SCM_RIGHTS as u32;
            let kept = if descriptors { left / 4 * 4 } else { left };
            if descriptors {
                for descriptor in data[kept..].chunks_exact(4) {
                    let _ = call.host(libc::SYS_close, [word(descriptor, 0).unwrap_or(u32::MAX).into()]);
                }
            }
            data.truncate(kept);
            if data.is_empty() {
                continue;
            }
        }
        for part in [(HEADER + data.len()) as u32, level, kind] {
            out.extend_from_slice(&part.to_le_bytes());
        }
        out.extend_from_slice(&data);
        out.resize(out.len().next_multiple_of(4).min(room.max(out.len())), 0);
    }
    memory::write_bytes(guest.msg_control.into(), &out)?;
    Ok((out.len() as u32, cut))
}

fn message_to_send(call: &Call<'_>, address: u64) -> Result<Host, Break> {
    let guest: Msghdr = call.read(address)?;
    let (control, length) = control_to_host(&guest)?;
    read(&guest, control, length)
}

/// Room for what may be received: a 64-bit control message can be twice as long as the guest's.
fn message_to_receive(guest: &Msghdr) -> Result<Host, Break> {
    let room = if guest.msg_control == 0 {
        0
    } else {
        guest.msg_controllen.min(LONGEST_CONTROL) as usize
    };
    // A guest without room for one header gets none.
    let host_room = if room < HEADER {
        0
    } else {
        2 * room.next_multiple_of(8) + HOST_HEADER
    };
    read(guest, vec![0; host_room / 8], host_room / 8 * 8)
}

fn store_received(call: &Call<'_>, host: &Host, guest: &Msghdr, address: u64) -> Result<(), Break> {
    let (length, cut) = if guest.msg_control == 0 {
        (0, false)
    } else {
        control_to_guest(call, host, guest)?
    };
    let flags = host.header.msg_flags as u32 | if cut { libc::MSG_CTRUNC as u32 } else { 0 };
    let stored = Msghdr {
        msg_namelen: if guest.msg_name == 0 {
            guest.msg_namelen
        } else {
            host.header.msg_namelen
        },
        msg_controllen: length,
        msg_flags: flags & !0x8000_0000,
        ..*guest
    };
    Ok(call.write(address, &stored)?)
}

/// sendmsg(2).
pub fn sendmsg(call: &mut Call<'_>) -> Reply {
    let [socket, message, flags, ..] = call.args;
    let host = message_to_send(call, message)?;
    call.wait(libc::SYS_sendmsg, [socket, &raw const host.header as u64, flags])
}

/// recvmsg(2).
pub fn recvmsg(call: &mut Call<'_>) -> Reply {
    let [socket, message, flags, ..] = call.args;
    let guest: Msghdr = call.read(message)?;
    let mut host = message_to_receive(&guest)?;
    let received = call.wait(libc::SYS_recvmsg, [socket, &raw mut host.header as u64, flags])?;
    store_received(call, &host, &guest, message)?;
    Ok(received)
}

/// sendmmsg(2): one message after the other, until one cannot be sent at once.
pub fn sendmmsg(call: &mut Call<'_>) -> Reply {
    let [socket, messages, count, flags, ..] = call.args;
    let mut sent = 0;
    for index in 0..u64::from((count as u32).min(MOST_MESSAGES)) {
        let address = messages.wrapping_add(index * MMSGHDR);
        let reply = message_to_send(call, address)
            .and_then(|host| call.wait(libc::SYS_sendmsg, [socket, &raw const host.header as u64, flags]));
        match reply {
            Ok(length) => call.write(address + MMSGHDR - 4, &(length as u32))?,
            Err(end) if sent == 0 => return Err(end),
            Err(Break::Resume) => {
                // A signal before the call: what was sent was sent. The PC goes back behind the SVC.
                call.state.pc = call.state.pc.wrapping_add(call.abi.svc_length(call.state));
                break;
            }
            Err(_) => break,
        }
        sent += 1;
    }
    Ok(sent)
}

/// recvmmsg(2): one host call for all, with its timeout.
pub fn recvmmsg(call: &mut Call<'_>) -> Reply {
    let [socket, messages, count, flags, timeout, _] = call.args;
    let mut time = call.read_optional_time(timeout)?;
    let mut guests = Vec::new();
    let mut hosts = Vec::new();
    for index in 0..u64::from((count as u32).min(MOST_MESSAGES)) {
        let guest: Msghdr = call.read(messages.wrapping_add(index * MMSGHDR))?;
        hosts.push(message_to_receive(&guest)?);
        guests.push(guest);
    }
    let mut headers: Vec<libc::mmsghdr> = hosts
        .iter()
        .map(|host| libc::mmsghdr {
            msg_hdr: host.header,
            msg_len: 0,
        })
        .collect();
    let time_at = time.as_mut().map_or(0, |time| time.as_mut_ptr() as u64);
    let args = [
        socket,
        headers.as_mut_ptr() as u64,
        headers.len() as u64,
        flags,
        time_at,
    ];
    let received = call.wait(libc::SYS_recvmmsg, args)?;
    let parts = headers.iter().zip(&mut hosts).zip(&guests).zip(0..);
    for (((header, host), guest), index) in parts.take(received as usize) {
        let address = messages.wrapping_add(index * MMSGHDR);
        host.header = header.msg_hdr;
        store_received(call, host, guest, address)?;
        call.write(address + MMSGHDR - 4, &header.msg_len)?;
    }
    if let Some(time) = time {
        let _ = call.write_time(timeout, time);
    }
    Ok(received)
}

/// send(2).
pub fn send(call: &mut Call<'_>) -> Reply {
    let [socket, buffer, length, flags, ..] = call.args;
    call.wait(libc::SYS_sendto, [socket, buffer, length, flags])
}

/// recv(2).
pub fn recv(call: &mut Call<'_>) -> Reply {
    let [socket, buffer, length, flags, ..] = call.args;
    call.wait(libc::SYS_recvfrom, [socket, buffer, length, flags])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_times_are_narrowed() {
        let data: Vec<u8> = [5_u64, 7].iter().flat_map(|word| word.to_le_bytes()).collect();
        let socket = libc::SOL_SOCKET as u32;
        assert_eq!(narrow(socket, SCM_TIMESTAMP, &data), [5, 0, 0, 0, 7, 0, 0, 0]);
        assert_eq!(narrow(socket, 63, &data), data, "SCM_TIMESTAMP_NEW");
        assert_eq!(narrow(0, SCM_TIMESTAMP, &data), data, "another level");
    }
}
