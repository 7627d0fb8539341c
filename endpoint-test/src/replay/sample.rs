//! What is kept of a stream: a sample of numbers, and counts of classes.

use std::collections::BTreeMap;

use crate::statistics::random::{SEED, SplitMix64};

/// The most values that are kept. Up to so many, all are.
pub(crate) const MOST: usize = 20_000;

/// The most classes that are counted on their own.
const MAX_CLASSES: usize = 50;

/// A sample of a stream, in which every value is with the same chance (Vitter, ACM Transactions on
/// Mathematical Software 11, 1985, algorithm R), with a fixed seed.
#[derive(Debug, Clone)]
pub(crate) struct Reservoir<T> {
    values: Vec<T>,
    seen: usize,
    most: usize,
    random: SplitMix64,
}

impl<T> Default for Reservoir<T> {
    fn default() -> Self {
        Self { values: Vec::new(), seen: 0, most: MOST, random: SplitMix64::new(SEED) }
    }
}

impl<T: Copy> Reservoir<T> {
    pub(crate) fn add(&mut self, value: T) {
        self.seen += 1;
        if self.values.len() < self.most {
            self.values.push(value);
        } else if let Some(kept) = self.values.get_mut(self.random.below(self.seen)) {
            *kept = value;
        }
    }

    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// The number of all values.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }
}

/// How often each class was predicted before and now. Further classes are counted together.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClassCounts {
    classes: BTreeMap<String, (usize, usize)>,
    others: (usize, usize),
    pairs: usize,
}

impl ClassCounts {
    pub(crate) fn add(&mut self, base: &str, found: &str) {
        self.pairs += 1;
        self.count(base).0 += 1;
        self.count(found).1 += 1;
    }

    fn count(&mut self, class: &str) -> &mut (usize, usize) {
        let class = crate::expect::metrics::class(class);
        if !self.classes.contains_key(&class) && self.classes.len() == MAX_CLASSES {
            return &mut self.others;
        }
        self.classes.entry(class).or_default()
    }

    pub(crate) fn pairs(&self) -> usize {
        self.pairs
    }

    /// The counts before and now, by class.
    pub(crate) fn counts(&self) -> (Vec<usize>, Vec<usize>) {
        let others = Some(&self.others).filter(|others| **others != (0, 0));
        self.classes.values().chain(others).copied().unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservoir_keeps_all_of_few_values_and_a_fair_sample_of_many() {
        let mut few = Reservoir::default();
        (0..100).for_each(|value| few.add(value));
        assert_eq!((few.values().len(), few.seen()), (100, 100));
        let mut many = Reservoir { most: 500, ..Reservoir::default() };
        (0..50_000).for_each(|value| many.add(value));
        assert_eq!((many.values().len(), many.seen()), (500, 50_000));
        let first_half = many.values().iter().filter(|value| **value < 25_000).count();
        assert!((200..=300).contains(&first_half), "{first_half}");
    }

    #[test]
    fn classes_are_counted_by_name_and_the_rest_together() {
        let mut counts = ClassCounts::default();
        counts.add("1", "1.0");
        counts.add("1", "0");
        assert_eq!(counts.counts(), (vec![0, 2], vec![1, 1]));
        (0..100).for_each(|class| counts.add(&format!("c{class}"), "c0"));
        let (base, found) = counts.counts();
        assert_eq!((base.len(), base.iter().sum::<usize>(), found.iter().sum::<usize>(), counts.pairs()), (MAX_CLASSES + 1, 102, 102, 102));
    }
}
