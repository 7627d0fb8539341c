//! What a process uses, from `/proc`: whether memory, descriptors and connections stay flat.

use std::io;
use std::path::PathBuf;

/// What a process uses at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The resident memory, in KiB.
    pub resident_kib: u64,
    /// The number of open file descriptors.
    pub descriptors: u64,
    /// Those of them that are sockets.
    pub sockets: u64,
}

/// How much more a process may use at the end than at the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Resident memory, in KiB.
    pub resident_kib: u64,
    /// File descriptors, and sockets of them.
    pub descriptors: u64,
}

impl Usage {
    /// What a process uses now. Needs Linux.
    pub fn of(process: u32) -> io::Result<Self> {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let status = std::fs::read_to_string(folder.join("status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
        let resident_kib = resident.ok_or_else(|| io::Error::other(format!("process {process} has ended")))?;
        let (mut descriptors, mut sockets) = (0, 0);
        for entry in std::fs::read_dir(folder.join("fd"))? {
            // A descriptor can be closed meanwhile.
            let Ok(target) = std::fs::read_link(entry?.path()) else { continue };
            descriptors += 1;
            sockets += u64::from(target.to_string_lossy().starts_with("socket:"));
        }
        Ok(Self { resident_kib, descriptors, sockets })
    }
}

/// Compares the medians of the second and of the last quarter of the samples: the first quarter is
/// the warm-up. Returns what grew by more than allowed, or both medians.
pub fn flat(samples: &[Usage], allowed: Allowance) -> Result<(Usage, Usage), String> {
    let quarter = samples.len() / 4;
    if quarter == 0 {
        return Err(format!("{} samples are too few", samples.len()));
    }
    let (early, late) = (median(&samples[quarter..2 * quarter]), median(&samples[samples.len() - quarter..]));
    let grown: Vec<String> = [
        ("KiB of resident memory", early.resident_kib, late.resident_kib, allowed.resident_kib),
        ("descriptors", early.descriptors, late.descriptors, allowed.descriptors),
        ("sockets", early.sockets, late.sockets, allowed.descriptors),
    ]
    .into_iter()
    .filter(|(_, early, late, allowed)| *late > early + allowed)
    .map(|(what, early, late, allowed)| format!("from {early} to {late} {what}, more than the allowed {allowed}"))
    .collect();
    if grown.is_empty() { Ok((early, late)) } else { Err(grown.join("; ")) }
}

fn median(samples: &[Usage]) -> Usage {
    let middle = |value: fn(&Usage) -> u64| {
        let mut values: Vec<u64> = samples.iter().map(value).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    Usage {
        resident_kib: middle(|usage| usage.resident_kib),
        descriptors: middle(|usage| usage.descriptors),
        sockets: middle(|usage| usage.sockets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Allowance = Allowance { resident_kib: 100, descriptors: 2 };

    fn usage(resident_kib: u64, descriptors: u64, sockets: u64) -> Usage {
        Usage { resident_kib, descriptors, sockets }
    }

    #[test]
    fn a_warm_up_and_single_peaks_are_flat_and_a_leak_is_not() {
        let mut samples = vec![usage(10, 3, 1), usage(500, 9, 4), usage(1000, 10, 4), usage(1000, 10, 4)];
        samples.extend([usage(1050, 11, 5); 12]);
        samples[13] = usage(9000, 90, 80);
        assert_eq!(flat(&samples, ALLOWED), Ok((usage(1050, 11, 5), usage(1050, 11, 5))));
        let leak = |step: fn(u64) -> Usage| flat(&(0..40).map(step).collect::<Vec<_>>(), ALLOWED).unwrap_err();
        assert_eq!(leak(|at| usage(1000 + 10 * at, 5, 1)), "from 1150 to 1350 KiB of resident memory, more than the allowed 100");
        assert!(leak(|at| usage(1000, 5 + at, 1)).contains(" descriptors"));
        assert!(leak(|at| usage(1000, 5, 1 + at)).contains(" sockets"));
        assert_eq!(flat(&samples[..3], ALLOWED).unwrap_err(), "3 samples are too few");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_measured_and_one_that_ended_is_an_error() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let usage = Usage::of(child.id()).unwrap();
        assert!(usage.resident_kib > 0 && usage.descriptors >= 3 && usage.sockets <= usage.descriptors, "{usage:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(Usage::of(child.id()).is_err());
    }
}
