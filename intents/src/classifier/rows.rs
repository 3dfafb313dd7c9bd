//! Weights by feature and class, of which most are nothing: sparse rows, one after the other.

use serde::{Deserialize, Serialize};

/// One row a feature; a row holds the classes that the feature says something about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rows {
    /// Where each row begins, and at last where all end.
    starts: Vec<u32>,
    classes: Vec<u16>,
    weights: Vec<f32>,
}

impl Default for Rows {
    fn default() -> Self {
        Self { starts: vec![0], classes: Vec::new(), weights: Vec::new() }
    }
}

impl Rows {
    /// Adds a row at the end.
    pub(super) fn push(&mut self, row: impl Iterator<Item = (u16, f32)>) {
        for (class, weight) in row {
            self.classes.push(class);
            self.weights.push(weight);
        }
        self.starts.push(u32::try_from(self.weights.len()).unwrap_or(u32::MAX));
    }

    /// Gives back what room is left.
    pub(super) fn shrink(&mut self) {
        self.starts.shrink_to_fit();
        self.classes.shrink_to_fit();
        self.weights.shrink_to_fit();
    }

    /// The classes and weights of a row.
    fn row(&self, row: u32) -> impl Iterator<Item = (u16, f32)> {
        let row = row as usize;
        let range = self.starts[row] as usize..self.starts[row + 1] as usize;
        self.classes[range.clone()].iter().copied().zip(self.weights[range].iter().copied())
    }

    /// Adds what features, by row and value, say of each class.
    pub(super) fn accumulate(&self, features: &[(u32, f32)], scores: &mut [f32]) {
        for (row, value) in features {
            for (class, weight) in self.row(*row) {
                scores[usize::from(class)] += weight * value;
            }
        }
    }

    /// Whether it is whole: so many rows, and no class beyond the last.
    pub(super) fn fits(&self, rows: usize, classes: usize) -> bool {
        self.starts.len() == rows + 1
            && self.starts.is_sorted()
            && self.starts.first() == Some(&0)
            && self.starts.last().is_some_and(|end| *end as usize == self.weights.len())
            && self.classes.len() == self.weights.len()
            && self.classes.iter().all(|class| usize::from(*class) < classes)
            && self.weights.iter().all(|weight| weight.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_taken_only_when_whole() {
        type Break = fn(&mut Rows);

        let mut whole = Rows::default();
        whole.push([(0, 1.0), (2, -1.0)].into_iter());
        whole.push([(1, 0.5)].into_iter());
        assert!(whole.fits(2, 3));
        assert!(!whole.fits(3, 3), "rows that are not there");
        assert!(!whole.fits(2, 2), "a class beyond the last");
        let broken: [(&str, Break); 6] = [
            ("no starts", |rows| rows.starts.clear()),
            ("does not begin at 0", |rows| rows.starts[0] = 1),
            ("goes back", |rows| rows.starts[1] = 4),
            ("ends beyond the weights", |rows| rows.starts[2] = 9),
            ("a weight without a class", |rows| rows.weights.push(1.0)),
            ("no number", |rows| rows.weights[0] = f32::NAN),
        ];
        for (what, broken) in broken {
            let mut rows = whole.clone();
            broken(&mut rows);
            assert!(!rows.fits(2, 3), "{what}");
        }
    }
}
