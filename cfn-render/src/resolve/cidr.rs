//! `Fn::Cidr`: equal subnets of a CIDR block.

use ipnet::IpNet;

/// The first `count` subnets with `bits` host bits. CloudFormation returns 1 to 256 subnets; the
/// bits default to 8.
///
/// See <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html>.
pub(super) fn cidr_blocks(block: &str, count: &str, bits: Option<&str>) -> Result<Vec<String>, String> {
    let network: IpNet = block.parse().map_err(|_| format!("takes a CIDR block such as 10.0.0.0/16, not `{block}`"))?;
    let count = count.parse().ok().filter(|count| (1..=256).contains(count)).ok_or("takes a count of 1 to 256")?;
    let width = network.max_prefix_len();
    let bits: u8 = bits.unwrap_or("8").parse().ok().filter(|bits| (1..=width).contains(bits)).ok_or("takes a number of host bits")?;
    let parts = network.trunc().subnets(width - bits).map_err(|_| format!("cannot split `{block}` into blocks of {bits} host bits"))?;
    let blocks: Vec<String> = parts.take(count).map(|part| part.to_string()).collect();
    if blocks.len() < count {
        return Err(format!("cannot make {count} blocks of {bits} host bits from `{block}`: only {} exist", blocks.len()));
    }
    Ok(blocks)
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
    fn invalid_arguments_are_rejected() {
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
