//! Socket options of AArch32 programs: those with times and pointers in them.

use armlet_memory as memory;

use crate::Errno;
use crate::call::Call;
use crate::task::Reply;
use crate::time::Width;

const SOCKET: i32 = libc::SOL_SOCKET;
const SO_RCVTIMEO_OLD: i32 = 20;
const SO_SNDTIMEO_OLD: i32 = 21;
/// Options with `struct sock_fprog`, a number and a pointer: `SO_ATTACH_FILTER`, `SO_ATTACH_REUSEPORT_CBPF`.
const FILTERS: [i32; 2] = [26, 51];
/// `SOL_PACKET`, `PACKET_FANOUT_DATA`: the same structure, if the fanout is by a classic program.
const FANOUT_DATA: [i32; 2] = [263, 22];
/// `MCAST_MSFILTER`, and the bytes of its `struct group_filter` before the addresses: on the host the first address is 8-aligned, here
/// it is not.
const SOURCE_FILTER: i32 = 48;
const GROUP_FILTER: usize = 4 + ADDRESS + 8;
/// `MCAST_JOIN_GROUP` to `MCAST_LEAVE_SOURCE_GROUP`: an interface's number, then one or two addresses, which are 8-aligned on the host only.
const MULTICAST: std::ops::RangeInclusive<i32> = 42..=47;
/// `struct sockaddr_storage`.
const ADDRESS: usize = 128;

/// setsockopt(2).
pub fn setsockopt(call: &mut Call<'_>) -> Reply {
    let [socket, level, option, value, length, _] = call.args;
    let set = |host: &[u8]| {
        let args = [socket, level, option, host.as_ptr() as u64, host.len() as u64];
        Ok(call.host(libc::SYS_setsockopt, args)?)
    };
    match (level as i32, option as i32) {
        (SOCKET, SO_RCVTIMEO_OLD | SO_SNDTIMEO_OLD) => {
            if length < Width::Narrow.size() {
                return Err(Errno::EINVAL.into());
            }
            let time = Width::Narrow.read(value)?;
            set(&time.map(i64::to_le_bytes).concat())
        }
        (level, option) if level == SOCKET && FILTERS.contains(&option) || [level, option] == FANOUT_DATA => {
            // As data for a fanout, eBPF programs are numbers instead, which are as long as the guest says.
            if level != SOCKET && length == 4 {
                return Ok(call.host(
                    libc::SYS_setsockopt,
                    [socket, level as u64, option as u64, value, length],
                )?);
            }
            if length != 8 {
                return Err(Errno::EINVAL.into());
            }
            let [count, filter]: [u32; 2] = call.read(value)?;
            set(&[u64::from(count & 0xffff), filter.into()]
                .map(u64::to_le_bytes)
                .concat())
        }
        (libc::SOL_IP | libc::SOL_IPV6, option) if MULTICAST.contains(&option) => {
            let mut guest = vec![0; (length as usize).min(4 + 2 * ADDRESS)];
            memory::read_bytes(value, &mut guest)?;
            if guest.len() < 4 + ADDRESS {
                return Err(Errno::EINVAL.into());
            }
            set(&[&guest[..4], &[0; 4], &guest[4..]].concat())
        }
        (libc::SOL_IP | libc::SOL_IPV6, SOURCE_FILTER) => {
            // Numbers of sources beyond the host's limit (net.ipv4.igmp_max_msf, by default 10) are its ENOBUFS.
            let mut guest = vec![0; (length as usize).min(GROUP_FILTER + MOST_SOURCES * ADDRESS)];
            memory::read_bytes(value, &mut guest)?;
            if guest.len() < GROUP_FILTER {
                return Err(Errno::EINVAL.into());
            }
            set(&[&guest[..4], &[0; 4], &guest[4..]].concat())
        }
        _ => Ok(call.host(libc::SYS_setsockopt, [socket, level, option, value, length])?),
    }
}

/// The sources of an `MCAST_MSFILTER` that are passed on.
const MOST_SOURCES: usize = 1024;

/// `MCAST_MSFILTER`: the sources that a socket takes from a group, as many as the caller has room for.
fn source_filter(call: &Call<'_>) -> Reply {
    let [socket, level, option, value, length, _] = call.args;
    let room = (call.read::<u32>(length)? as usize).min(GROUP_FILTER + MOST_SOURCES * ADDRESS);
    if room < GROUP_FILTER {
        return Err(Errno::EINVAL.into());
    }
    let mut guest = vec![0; room];
    memory::read_bytes(value, &mut guest)?;
    let mut host = [&guest[..4], &[0; 4], &guest[4..]].concat();
    let mut host_length = host.len() as u32;
    let args = [
        socket,
        level,
        option,
        host.as_mut_ptr() as u64,
        &raw mut host_length as u64,
    ];
    let result = call.host(libc::SYS_getsockopt, args)?;
    host.truncate(host_length as usize);
    host.drain(4..8);
    memory::write_bytes(value, &host)?;
    call.write(length, &(host.len() as u32))?;
    Ok(result)
}

/// getsockopt(2).
pub fn getsockopt(call: &mut Call<'_>) -> Reply {
    let [socket, level, option, value, length, _] = call.args;
    if matches!(level as i32, libc::SOL_IP | libc::SOL_IPV6) && option as i32 == SOURCE_FILTER {
        return source_filter(call);
    }
    if level as i32 != SOCKET || !matches!(option as i32, SO_RCVTIMEO_OLD | SO_SNDTIMEO_OLD) {
        return Ok(call.host(libc::SYS_getsockopt, [socket, level, option, value, length])?);
    }
    let room: i32 = call.read(length)?;
    let (mut time, mut host_length) = ([0_i64; 2], 16_u32);
    let args = [
        socket,
        level,
        option,
        time.as_mut_ptr() as u64,
        &raw mut host_length as u64,
    ];
    let result = call.host(libc::SYS_getsockopt, args)?;
    let bytes = time.map(|part| (part as i32).to_le_bytes()).concat();
    let room = usize::try_from(room).map_err(|_| Errno::EINVAL)?.min(bytes.len());
    memory::write_bytes(value, &bytes[..room])?;
    call.write(length, &(room as u32))?;
    Ok(result)
}
