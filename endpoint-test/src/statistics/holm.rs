//! Several tests at once.

/// Which of several tests reject, by Holm's step-down method (Scandinavian Journal of Statistics 6,
/// 1979): the probability that any of them rejects wrongly is at most `level`, whatever their
/// dependence. `rejects` is whether a test rejects at a level of its own.
#[must_use]
pub fn step_down(tests: usize, level: f64, rejects: impl Fn(usize, f64) -> bool) -> Vec<bool> {
    let mut rejected = vec![false; tests];
    loop {
        let left = rejected.iter().filter(|is_rejected| !**is_rejected).count();
        let share = level / super::number(left.max(1));
        let new: Vec<usize> = (0..tests).filter(|test| !rejected[*test] && rejects(*test, share)).collect();
        if new.is_empty() {
            return rejected;
        }
        for test in new {
            rejected[test] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_rejected_at_the_level_that_those_before_it_leave() {
        let of = |p_values: &[f64]| step_down(p_values.len(), 0.05, |test, level| p_values[test] <= level);
        // Holm's own order: 0.01 <= 0.05/4, 0.013 <= 0.05/3, then 0.03 > 0.05/2 ends it.
        assert_eq!(of(&[0.03, 0.01, 0.04, 0.013]), [false, true, false, true]);
        assert_eq!(of(&[0.02, 0.02, 0.02]), [false; 3]);
        assert_eq!(of(&[0.016, 0.025, 0.05]), [true; 3]);
        assert_eq!(of(&[]), [false; 0]);
    }
}
