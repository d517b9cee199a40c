//! IDX, the format of MNIST: big-endian dimensions, then one number after the other.
//!
//! The samples are in `PREFIX-images-idx3-ubyte` and the labels beside them in
//! `PREFIX-labels-idx1-ubyte`, either with or without `.gz`. A sample is the flattened image; grey
//! levels stay 0 to 255.

use super::{LARGEST_DENSE, bytes, check_columns, refuse};
use crate::data::{Dataset, Design};
use crate::error::Result;
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Does the name say IDX?
pub(super) fn is_idx(path: &Path) -> bool {
    name(path).trim_end_matches(".gz").ends_with("-ubyte")
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// Reads images and the labels beside them.
///
/// # Errors
/// As [`super::dataset`].
pub fn dataset(path: &Path) -> Result<Dataset> {
    let beside = labels_path(path)?;
    let (shape, values) = array(path)?;
    let (label_shape, labels) = array(&beside)?;
    if shape.len() < 2 {
        return Err(refuse(path, format!("images need at least 2 dimensions, not shape {shape:?}")));
    }
    if label_shape != shape[..1] {
        let message = format!("labels of shape {label_shape:?} for {} images", shape[0]);
        return Err(refuse(&beside, message));
    }
    if values.is_empty() {
        return Err(refuse(path, format!("the shape {shape:?} holds no number")));
    }
    let cols = values.len() / shape[0];
    check_columns(path, cols)?;
    let whole = name(path);
    let title = whole.split("-images").next().unwrap_or(&whole);
    Dataset::new(title, Design::dense(shape[0], cols, values)?, labels)
}

/// The labels that belong to an image file, compressed or not.
fn labels_path(path: &Path) -> Result<PathBuf> {
    let images = name(path);
    if !images.contains("images") || !images.contains("idx3") {
        return Err(refuse(path, "name the images file, *-images-idx3-ubyte; labels are found beside it"));
    }
    let labels = images.replace("images", "labels").replace("idx3", "idx1");
    let plain = labels.trim_end_matches(".gz");
    let choices = [labels.clone(), plain.to_owned(), format!("{plain}.gz")];
    choices
        .iter()
        .map(|n| path.with_file_name(n))
        .find(|p| p.exists())
        .ok_or_else(|| refuse(&path.with_file_name(&labels), "the labels file is missing"))
}

/// Shape and numbers of one IDX file.
fn array(path: &Path) -> Result<(Vec<usize>, Vec<f64>)> {
    let raw = bytes(path)?;
    let content = if raw.starts_with(&[0x1f, 0x8b]) {
        let mut content = Vec::new();
        // No accepted file is longer, whatever a small compressed one expands to.
        let limit = 8 * LARGEST_DENSE as u64 + 1024;
        MultiGzDecoder::new(&raw[..])
            .take(limit)
            .read_to_end(&mut content)
            .map_err(|e| refuse(path, format!("gzip: {e}")))?;
        content
    } else {
        raw
    };
    parse(&content).map_err(|m| refuse(path, m))
}

fn parse(content: &[u8]) -> std::result::Result<(Vec<usize>, Vec<f64>), String> {
    let &[0, 0, kind, dimensions] = content.get(..4).ok_or("too short for an IDX file")? else {
        return Err("does not start like an IDX file (two zero bytes, type, number of dimensions)".into());
    };
    let size = match kind {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0c | 0x0d => 4,
        0x0e => 8,
        _ => return Err(format!("unknown IDX number type {kind:#04x}")),
    };
    let start = 4 + 4 * dimensions as usize;
    let sizes = content.get(4..start).ok_or("the IDX header is cut off")?;
    let shape: Vec<usize> =
        sizes.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize).collect();
    let count = shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    let count = count.filter(|&n| n <= LARGEST_DENSE).ok_or_else(|| {
        format!("the shape {shape:?} has more than the {LARGEST_DENSE} numbers that are accepted")
    })?;
    let body = &content[start..];
    if body.len() != count * size {
        return Err(format!(
            "the shape {shape:?} promises {} bytes of numbers, the file has {}",
            count * size,
            body.len()
        ));
    }
    let values: Vec<f64> = body.chunks_exact(size).map(|c| decode(kind, c)).collect();
    match values.iter().find(|v| !v.is_finite()) {
        Some(v) => Err(format!("a value is {v}; only finite numbers are accepted")),
        None => Ok((shape, values)),
    }
}

/// One big-endian number of a type that `parse` has recognised.
fn decode(kind: u8, c: &[u8]) -> f64 {
    match (kind, c) {
        (0x08, &[a]) => f64::from(a),
        (0x09, &[a]) => f64::from(a as i8),
        (0x0b, &[a, b]) => f64::from(i16::from_be_bytes([a, b])),
        (0x0c, &[a, b, c, d]) => f64::from(i32::from_be_bytes([a, b, c, d])),
        (0x0d, &[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
        (0x0e, &[a, b, c, d, e, f, g, h]) => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("IDX type {kind:#04x} of {} bytes", c.len()),
    }
}
