//! Sets of indices as increasing runs: `3 17-19 42`.

/// A set of indices below `total`, as maximal runs `(first, last)`. A short file can name many indices, so
/// they are never listed one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    total: usize,
    runs: Vec<(usize, usize)>,
}

impl Runs {
    /// The runs of increasing indices, all below `total`.
    pub(super) fn of(total: usize, indices: &[usize]) -> Runs {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for &i in indices {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == i => *last = i,
                _ => runs.push((i, i)),
            }
        }
        Runs { total, runs }
    }

    /// No index yet.
    pub(super) fn none(total: usize) -> Runs {
        Runs { total, runs: Vec::new() }
    }

    /// Adds a run after the others; an error says why it cannot be one.
    pub(super) fn push(&mut self, first: usize, last: usize) -> Result<(), String> {
        if last >= self.total {
            return Err(format!("{last} is not below {}", self.total));
        }
        match self.runs.last() {
            Some((_, end)) if first < *end + 2 => {
                Err(format!("{first} does not come after {end} with a gap; runs increase and do not touch"))
            }
            _ => {
                self.runs.push((first, last));
                Ok(())
            }
        }
    }

    /// How many indices there could be.
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many indices there are.
    pub fn count(&self) -> usize {
        self.runs.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// The runs, increasing.
    pub fn runs(&self) -> &[(usize, usize)] {
        &self.runs
    }
}

impl std::fmt::Display for Runs {
    /// The count and the runs, separated by spaces.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.count())?;
        self.runs.iter().try_for_each(|(first, last)| {
            if first == last { write!(f, " {first}") } else { write!(f, " {first}-{last}") }
        })
    }
}
