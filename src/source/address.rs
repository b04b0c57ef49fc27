//! Which addresses of the net are this machine's or a private network's.
//!
//! In: an IP address. Out: nothing, or what it is in words. Never: a name, or a question to the network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What keeps an address from being asked for a stranger: nothing for those that anybody in the world can reach.
///
/// Everything that the registries of IANA (read 2026-11-28) do not call globally reachable is refused, and addresses
/// that carry another one (IPv4 in IPv6, NAT64, 6to4) are judged by that one.
pub fn private(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => private_v4(v4),
        IpAddr::V6(v6) => private_v6(v6),
    }
}

fn private_v4(address: Ipv4Addr) -> Option<&'static str> {
    // the first that fits counts: address, bits, what it is
    const REFUSED: [(Ipv4Addr, u32, &str); 17] = [
        (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this machine"),
        (Ipv4Addr::new(127, 0, 0, 0), 8, "an address of this machine"),
        (Ipv4Addr::new(10, 0, 0, 0), 8, "in a private network"),
        (Ipv4Addr::new(172, 16, 0, 0), 12, "in a private network"),
        (Ipv4Addr::new(192, 168, 0, 0), 16, "in a private network"),
        (
            Ipv4Addr::new(100, 64, 0, 0),
            10,
            "in a provider's own network",
        ),
        (Ipv4Addr::new(169, 254, 0, 0), 16, "on the local link"),
        // the host of Azure's machines, reachable from them alone
        (
            Ipv4Addr::new(168, 63, 129, 16),
            32,
            "a cloud's own metadata address",
        ),
        (Ipv4Addr::new(192, 0, 0, 0), 24, "a reserved address"),
        (
            Ipv4Addr::new(192, 0, 2, 0),
            24,
            "an address for documentation",
        ),
        (
            Ipv4Addr::new(198, 51, 100, 0),
            24,
            "an address for documentation",
        ),
        (
            Ipv4Addr::new(203, 0, 113, 0),
            24,
            "an address for documentation",
        ),
        (Ipv4Addr::new(198, 18, 0, 0), 15, "an address for tests"),
        (Ipv4Addr::new(192, 88, 99, 0), 24, "a reserved address"),
        (Ipv4Addr::new(192, 31, 196, 0), 24, "a reserved address"),
        (Ipv4Addr::new(224, 0, 0, 0), 4, "an address of many"),
        (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address"),
    ];
    let fits = |net: Ipv4Addr, bits: u32| (net.to_bits() ^ address.to_bits()) >> (32 - bits) == 0;
    let found = REFUSED.iter().find(|(net, bits, _)| fits(*net, *bits));
    found.map(|(.., what)| *what)
}

fn private_v6(address: Ipv6Addr) -> Option<&'static str> {
    let parts = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match parts {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Some("an address of this machine"),
        // mapped, and the older way to write the same
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => private_v4(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => private_v4(v4(high, low)),
        [0x2002, high, low, ..] => private_v4(v4(high, low)),
        [0xfc00..=0xfdff, ..] => Some("in a private network"),
        [0xfe80..=0xfebf, ..] => Some("on the local link"),
        [0xfec0..=0xfeff, ..] => Some("in a private network"),
        [0xff00..=0xffff, ..] => Some("an address of many"),
        // Teredo hides an address, ORCHID and benchmarks are nobody's; the rest of 2001::/23 is for protocols
        [0x2001, 0..=0x1ff, ..] => Some("a reserved address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("an address for documentation"),
        // all that is given to the world begins with these three bits
        [0x2000..=0x3fff, ..] => None,
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_world_cannot_reach_is_refused() {
        for text in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "169.254.169.254",
            "168.63.129.16",
            "192.0.0.192",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "100::1",
            "::ffff:0:127.0.0.1",
            "5f00::1",
            "4000::1",
        ] {
            let address: IpAddr = text.parse().expect("an address");
            assert!(private(address).is_some(), "{text}");
        }
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "169.253.0.1",
            "192.167.255.255",
            "198.17.255.255",
            "223.255.255.255",
            "168.63.129.17",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "2001:4860:4860::8888",
        ] {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(private(address), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_in_another_is_judged_as_itself(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let own = private(v4.into()).is_some();
            prop_assert_eq!(private(v4.to_ipv6_mapped().into()).is_some(), own);
            let [a, b, c, d] = v4.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            for carrier in [
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ] {
                prop_assert_eq!(private(carrier.into()).is_some(), own, "{}", carrier);
            }
        }

        #[test]
        fn the_standard_librarys_own_words_agree(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let theirs = v4.is_private() || v4.is_loopback() || v4.is_link_local()
                || v4.is_unspecified() || v4.is_broadcast() || v4.is_documentation() || v4.is_multicast();
            prop_assert!(!theirs || private(v4.into()).is_some(), "{}", v4);
        }

        #[test]
        fn nothing_outside_the_global_block_passes(parts: [u16; 8]) {
            let v6 = Ipv6Addr::from(parts);
            let is_local = v6.is_loopback() || v6.is_unspecified() || v6.is_multicast()
                || v6.is_unique_local() || v6.is_unicast_link_local();
            prop_assert!(!is_local || private(v6.into()).is_some(), "{}", v6);
        }
    }
}
