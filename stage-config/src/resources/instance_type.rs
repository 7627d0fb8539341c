//! Instance types: their form and the properties of their families.
//!
//! SageMaker adds types every few months, so an unknown type is a warning; only an invalid form is
//! an error.

/// The families in the API's list (SageMaker API, `ProductionVariantInstanceType`, 2026).
const FAMILIES: [&str; 50] = [
    "c4",
    "c5",
    "c5d",
    "c6g",
    "c6gd",
    "c6gn",
    "c6i",
    "c6in",
    "c7g",
    "c7i",
    "c8g",
    "dl1",
    "g4dn",
    "g5",
    "g6",
    "g6e",
    "g7e",
    "inf1",
    "inf2",
    "m4",
    "m5",
    "m5d",
    "m6g",
    "m6gd",
    "m6i",
    "m7i",
    "m8g",
    "p2",
    "p3",
    "p4d",
    "p4de",
    "p5",
    "p5e",
    "p5en",
    "p6-b200",
    "p6-b300",
    "p6e-gb200",
    "r5",
    "r5d",
    "r6g",
    "r6gd",
    "r6i",
    "r7gd",
    "r7i",
    "r8g",
    "t2",
    "trn1",
    "trn1n",
    "trn2",
    "trn3",
];

/// Families with local NVMe drives whose name has no `d`.
const NVME_FAMILIES: [&str; 11] = ["dl1", "g5", "g6", "g6e", "g7e", "p5", "p5e", "p5en", "trn1", "trn1n", "trn2"];

/// An instance type such as `ml.m5.large`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InstanceType<'a> {
    pub(super) name: &'a str,
    family: &'a str,
    size: &'a str,
}

impl<'a> InstanceType<'a> {
    /// Parses `ml.`, a family, a dot and a size.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (family, size) = name.strip_prefix("ml.")?.split_once('.')?;
        let plain = |text: &str, more: &str| {
            !text.is_empty()
                && text.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || more.contains(character))
        };
        (plain(family, "-") && plain(size, "-")).then_some(Self { name, family, size })
    }

    /// Whether the API lists the family and the size has a valid form.
    pub(super) fn is_known(self) -> bool {
        let sizes = ["medium", "large", "xlarge"];
        let multiple = self.size.strip_suffix("xlarge").is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number > 1));
        FAMILIES.contains(&self.family) && (sizes.contains(&self.size) || multiple || self.size.starts_with("metal"))
    }

    /// The families in the API's list.
    pub(super) fn families() -> impl Iterator<Item = &'static str> {
        FAMILIES.into_iter()
    }

    pub(super) fn family(self) -> &'a str {
        self.family
    }

    /// A burstable type (T2 and similar): its speed depends on credits, and Application Auto
    /// Scaling rejects it.
    pub(super) fn is_burstable(self) -> bool {
        self.family.strip_prefix('t').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    }

    /// Whether it stores its data on local NVMe drives, which the hardware encrypts and no KMS key
    /// covers.
    pub(super) fn has_local_nvme(self) -> bool {
        let after_generation = self.family.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        let attributes = after_generation.trim_start_matches(|digit: char| digit.is_ascii_digit());
        NVME_FAMILIES.contains(&self.family)
            || self.family.starts_with("p6")
            || attributes.split('-').next().is_some_and(|text| text.contains('d'))
    }

    /// Inferentia 1: no deployment guardrails.
    pub(super) fn is_inf1(self) -> bool {
        self.family == "inf1"
    }
}

#[cfg(test)]
mod tests {
    use super::InstanceType;

    fn of(name: &str) -> InstanceType<'_> {
        InstanceType::parse(name).unwrap_or_else(|| panic!("{name}"))
    }

    #[test]
    fn a_type_has_three_parts() {
        for wrong in ["m5.large", "ml.m5", "ml..large", "ml.m5.", "ml.M5.large", "ml.m5.large ", ""] {
            assert_eq!(InstanceType::parse(wrong), None, "{wrong}");
        }
        assert!(of("ml.p6-b200.48xlarge").is_known() && of("ml.c7i.metal-24xl").is_known() && of("ml.m5.12xlarge").is_known());
        assert!(!of("ml.m5.lrage").is_known() && !of("ml.m55.large").is_known() && !of("ml.m5.0xlarge").is_known());
    }

    #[test]
    fn only_t_families_are_burstable() {
        assert!(of("ml.t2.medium").is_burstable() && of("ml.t3.large").is_burstable());
        assert!(!of("ml.trn1.2xlarge").is_burstable() && !of("ml.m5.large").is_burstable());
    }

    #[test]
    fn families_with_local_drives_have_a_d_or_are_listed() {
        for name in [
            "ml.m5d.large",
            "ml.g4dn.xlarge",
            "ml.p4d.24xlarge",
            "ml.p4de.24xlarge",
            "ml.c6gd.large",
            "ml.g5.xlarge",
            "ml.p6-b200.48xlarge",
        ] {
            assert!(of(name).has_local_nvme(), "{name}");
        }
        for name in ["ml.m5.large", "ml.c6gn.large", "ml.inf2.xlarge", "ml.p3.2xlarge", "ml.t2.medium", "ml.r8g.large"] {
            assert!(!of(name).has_local_nvme(), "{name}");
        }
    }
}
