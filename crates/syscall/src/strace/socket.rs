//! Socket addresses, types, protocols and options.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::arguments::quote;
use super::names;

/// `SOCK_STREAM|SOCK_CLOEXEC`.
pub(super) fn socket_type(value: u64) -> String {
    let kind = names::SOCK_TYPE.value(value & 15);
    match value & !15 {
        0 => kind,
        flags => format!("{kind}|{}", names::SOCK.flags(flags)),
    }
}

/// The third argument of `socket`.
pub(super) fn protocol(family: u64, value: u64) -> String {
    let name = match (family as i32, value as i32) {
        (libc::AF_INET | libc::AF_INET6, libc::IPPROTO_IP) => "IPPROTO_IP",
        (libc::AF_INET | libc::AF_INET6, libc::IPPROTO_ICMP) => "IPPROTO_ICMP",
        (libc::AF_INET | libc::AF_INET6, libc::IPPROTO_TCP) => "IPPROTO_TCP",
        (libc::AF_INET | libc::AF_INET6, libc::IPPROTO_UDP) => "IPPROTO_UDP",
        (libc::AF_INET | libc::AF_INET6, libc::IPPROTO_IPV6) => "IPPROTO_IPV6",
        (libc::AF_INET | libc::AF_INET6, libc::IPPROTO_ICMPV6) => "IPPROTO_ICMPV6",
        (libc::AF_NETLINK, libc::NETLINK_ROUTE) => "NETLINK_ROUTE",
        (libc::AF_NETLINK, libc::NETLINK_KOBJECT_UEVENT) => "NETLINK_KOBJECT_UEVENT",
        (libc::AF_NETLINK, libc::NETLINK_AUDIT) => "NETLINK_AUDIT",
        (libc::AF_NETLINK, libc::NETLINK_GENERIC) => "NETLINK_GENERIC",
        _ => return (value as i32).to_string(),
    };
    name.to_owned()
}

/// A socket option of a level.
pub(super) fn option(level: u64, value: u64) -> String {
    match level as i32 {
        libc::SOL_SOCKET => names::SO.value(value),
        libc::SOL_TCP => names::TCP.value(value),
        _ => (value as i32).to_string(),
    }
}

/// `struct sockaddr`, as many bytes of it as there are.
pub(super) fn address(bytes: &[u8]) -> String {
    let Some((family, rest)) = bytes.split_first_chunk::<2>() else {
        return "{}".to_owned();
    };
    let family = u16::from_ne_bytes(*family);
    let name = names::AF.value(family.into());
    let port = |bytes: &[u8]| bytes.first_chunk::<2>().map_or(0, |port| u16::from_be_bytes(*port));
    let word = |at: usize| {
        rest.get(at..at + 4)
            .and_then(|word| word.first_chunk())
            .map_or(0, |word| u32::from_ne_bytes(*word))
    };
    let text = match i32::from(family) {
        libc::AF_UNIX if rest.is_empty() => String::new(),
        libc::AF_UNIX if rest[0] == 0 => format!(", sun_path=@{}", quote(&rest[1..])),
        libc::AF_UNIX => {
            let path = rest.split(|&byte| byte == 0).next().unwrap_or_default();
            format!(", sun_path={}", quote(path))
        }
        libc::AF_INET if rest.len() >= 6 => {
            let ip = Ipv4Addr::new(rest[2], rest[3], rest[4], rest[5]);
            format!(", sin_port=htons({}), sin_addr=inet_addr(\"{ip}\")", port(rest))
        }
        libc::AF_INET6 if rest.len() >= 26 => {
            let ip = Ipv6Addr::from(*rest[6..].first_chunk::<16>().unwrap_or(&[0; 16]));
            let flow = u32::from_be(word(2));
            format!(
                ", sin6_port=htons({}), sin6_flowinfo=htonl({flow}), inet_pton(AF_INET6, \"{ip}\", &sin6_addr), sin6_scope_id={}",
                port(rest),
                word(22)
            )
        }
        libc::AF_NETLINK if rest.len() >= 10 => {
            format!(", nl_pid={}, nl_groups={}", word(2), groups(word(6)))
        }
        _ => format!(", sa_data={}", quote(rest)),
    };
    format!("{{sa_family={name}{text}}}")
}

fn groups(groups: u32) -> String {
    if groups == 0 {
        "00000000".to_owned()
    } else {
        format!("{groups:#010x}")
    }
}
