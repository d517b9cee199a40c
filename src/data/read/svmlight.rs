//! The sparse text format of SVMlight and LIBSVM: `label index:value …`, one sample per line.
//!
//! Decisions: indices count from 1, as in both programs (a 0 is refused, since guessing would shift
//! every feature); they must increase strictly; the number of features is the largest index of the
//! file; stored zeros are dropped; `#` starts a comment; blank lines are skipped; `qid` is refused
//! (it marks ranking data, whose loss couples rows). Labels are left as they are, ±1 included.

use super::LARGEST_COLUMNS;
use super::text::{number, parse as fail, quote};
use crate::data::{Dataset, Design};
use crate::error::Result;
use crate::numeric::csr::Csr;
use std::path::Path;

/// Reads an SVMlight file into sparse rows.
///
/// # Errors
/// As [`super::dataset`].
pub fn dataset(path: &Path) -> Result<Dataset> {
    parse(&path.display().to_string(), &super::stem(path), &super::text::read(path)?)
}

/// Parses SVMlight text; `file` is what errors call it and `name` what the data set is called.
///
/// ```
/// use unlearn::data::{Row, read::svmlight};
/// let data = svmlight::parse("f.svm", "f", "+1 1:0.5 3:2 # first\n-1 2:7\n").unwrap();
/// assert_eq!((data.rows(), data.cols(), data.target()), (2, 3, &[1.0, -1.0][..]));
/// assert!(matches!(data.design().row(0), Row::Sparse([0, 2], [0.5, 2.0])));
/// assert!(svmlight::parse("f.svm", "f", "1 0:5\n").is_err());
/// ```
///
/// # Errors
/// [`crate::error::Error::Parse`] for malformed text.
pub fn parse(file: &str, name: &str, text: &str) -> Result<Dataset> {
    let mut cols = 0;
    let (mut offsets, mut indices, mut values, mut targets) = (vec![0], vec![], vec![], vec![]);
    for (l, line) in text.lines().enumerate() {
        let content = line.split('#').next().unwrap_or("");
        let mut tokens = content.split_ascii_whitespace().enumerate();
        let Some((_, label)) = tokens.next() else { continue };
        targets.push(number(label).map_err(|m| fail(file, l + 1, 1, format!("the label: {m}")))?);
        let mut previous = 0;
        for (t, token) in tokens {
            let (index, value) = entry(token).map_err(|m| fail(file, l + 1, t + 1, m))?;
            if index <= previous {
                let message = if index == previous {
                    format!("index {index} is given twice")
                } else {
                    format!("index {index} follows index {previous}; indices must increase")
                };
                return Err(fail(file, l + 1, t + 1, message));
            }
            previous = index;
            if value != 0.0 {
                indices.push((index - 1) as u32);
                values.push(value);
            }
        }
        cols = cols.max(previous);
        offsets.push(values.len());
    }
    if targets.is_empty() {
        return Err(fail(file, 1, 1, "there is no sample; a line reads `label index:value …`"));
    }
    if cols == 0 {
        return Err(fail(file, 1, 1, "no sample has a feature; a line reads `label index:value …`"));
    }
    Dataset::new(name, Design::Sparse(Csr::new(cols, offsets, indices, values)?), targets)
}

/// One `index:value`, the index between 1 and [`LARGEST_COLUMNS`].
fn entry(token: &str) -> std::result::Result<(usize, f64), String> {
    let Some((index, value)) = token.split_once(':') else {
        return Err(format!("{} is not of the form index:value", quote(token)));
    };
    if index == "qid" {
        return Err("qid marks ranking data, whose rows cannot be removed one by one; \
                    delete the qid fields to treat the rows as independent"
            .into());
    }
    if index.is_empty() || !index.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("{} is not a feature index", quote(index)));
    }
    // All digits, so the only way to fail is to be too large even for a usize.
    let i = index.parse::<usize>().unwrap_or(usize::MAX);
    if i == 0 {
        return Err("index 0: the indices of this format count from 1; add 1 to every index".into());
    }
    if i > LARGEST_COLUMNS {
        return Err(format!("index {} is above the largest accepted, {LARGEST_COLUMNS}", quote(index)));
    }
    Ok((i, number(value)?))
}
