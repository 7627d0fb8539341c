//! `Fn::Cidr`: equal parts of an address block.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first `count` blocks of `bits` host bits in a block. CloudFormation gives 1 to 256 blocks; the bits default to 8.
///
/// See <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html>.
pub(super) fn cidr_blocks(block: &str, count: &str, bits: Option<&str>) -> Result<Vec<String>, String> {
    let wrong_block = || format!("takes an address block such as 10.0.0.0/16, not `{block}`");
    let (address, prefix) = block.split_once('/').ok_or_else(wrong_block)?;
    let address: IpAddr = address.parse().map_err(|_| wrong_block())?;
    let prefix: u32 = prefix.parse().map_err(|_| wrong_block())?;
    let count: u32 = count.parse().ok().filter(|count| (1..=256).contains(count)).ok_or("makes 1 to 256 blocks")?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits: u32 = bits.unwrap_or("8").parse().ok().filter(|bits| (1..=width).contains(bits)).ok_or("takes a number of host bits")?;
    let part = width - bits;
    if prefix > part {
        return Err(format!("cannot make blocks of {bits} host bits in `{block}`"));
    }
    let room = part - prefix;
    if room < 8 && count > 1 << room {
        return Err(format!("cannot make {count} blocks of {bits} host bits in `{block}`: there are {}", 1_u32 << room));
    }
    let number = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    // The host bits of the block itself do not count.
    let host_bits = width - prefix;
    let base = if host_bits == 0 { number } else { number.checked_shr(host_bits).unwrap_or(0).checked_shl(host_bits).unwrap_or(0) };
    (0..u128::from(count))
        .map(|index| {
            let number = base + index.checked_shl(bits).unwrap_or(0);
            let address = match address {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).map_err(|_| wrong_block())?)),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(number)),
            };
            Ok(format!("{address}/{part}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_equal_parts_in_order() {
        assert_eq!(cidr_blocks("10.0.0.0/16", "3", Some("8")).unwrap(), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]);
        assert_eq!(cidr_blocks("192.168.0.0/24", "2", Some("5")).unwrap(), ["192.168.0.0/27", "192.168.0.32/27"]);
        assert_eq!(cidr_blocks("10.1.2.3/16", "1", None).unwrap(), ["10.1.0.0/24"]);
        assert_eq!(cidr_blocks("2001:db8::/56", "2", Some("64")).unwrap(), ["2001:db8::/64", "2001:db8:0:1::/64"]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (block, count, bits) in [
            ("10.0.0.0/24", "2", "8"),
            ("10.0.0.0/16", "257", "8"),
            ("10.0.0.0/16", "0", "8"),
            ("10.0.0/16", "1", "8"),
            ("::/0", "1", "129"),
            ("10.0.0.0/33", "1", "8"),
        ] {
            assert!(cidr_blocks(block, count, Some(bits)).is_err(), "{block} {count} {bits}");
        }
    }
}
