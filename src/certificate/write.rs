//! A certificate as text.

use super::number::text;
use super::{Certificate, MOST_BYTES};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::objective::Reduction;
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;

/// The first line.
pub(super) const HEADER: &str = "unlearn-certificate 1";

/// SHA-256 in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The word for a loss in the format.
pub(super) fn kind(loss: Loss) -> &'static str {
    if loss == Loss::Squared { "ridge" } else { "logistic" }
}

fn numbers(values: &[f64]) -> String {
    values.iter().map(|v| text(*v)).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Certificate {
    /// The whole file, digests included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let k = self.theta.len();
        let rows: String = self
            .design
            .chunks_exact(k)
            .zip(&self.target)
            .map(|(x, y)| format!("row {} {}\n", numbers(x), text(*y)))
            .collect();
        let reduction = match self.reduction {
            Reduction::Mean => "mean",
            Reduction::Sum => "sum",
        };
        let claim = [
            HEADER.to_owned(),
            format!("kind {}", kind(self.loss)),
            format!("reduction {reduction}"),
            format!("rows {}", self.forgotten.total()),
            format!("forgotten {}", self.forgotten),
            format!("kept {}", self.target.len()),
            format!("parameters {}", self.active.total()),
            format!("active {}", self.active),
            format!("lambda {}", text(self.ridge)),
            format!("theta {}", numbers(&self.theta)),
            format!("reference {}", numbers(&self.reference)),
            format!("radius {}", text(self.radius)),
            format!("lo {}", text(self.lo)),
            format!("hi {}", text(self.hi)),
            format!("data-sha256 {}", digest(rows.as_bytes())),
        ];
        let body = claim.join("\n") + "\n" + &rows;
        writeln!(f, "{body}sha256 {}", digest(body.as_bytes()))
    }
}

/// Writes a certificate, which [`super::read()`] reads back with the same bits.
///
/// # Errors
/// [`Error::Invalid`] when the file would be larger than [`MOST_BYTES`] (the forgotten rows fall into too many
/// runs), [`Error::File`] when it cannot be written.
pub fn write(path: impl AsRef<Path>, certificate: &Certificate) -> Result<()> {
    let path = path.as_ref();
    let text = certificate.to_string();
    if text.len() > MOST_BYTES {
        return Err(Error::Invalid(format!(
            "no certificate can be written: it would take {} bytes, at most {MOST_BYTES} are accepted; the forgotten \
             rows fall into {} runs of neighbours",
            text.len(),
            certificate.forgotten.runs().len()
        )));
    }
    std::fs::write(path, text).map_err(|e| Error::File {
        file: path.display().to_string(),
        message: format!("cannot be written: {e}"),
    })
}
