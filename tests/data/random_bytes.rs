//! No bytes whatever make a reader panic, and whatever is accepted satisfies the type's promises.

use crate::File;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::io::Write as _;
use std::time::{Duration, Instant};
use unlearn::data::read::{self, Options};
use unlearn::data::{Dataset, write};

/// One well-formed file of every kind, to be damaged.
fn valid() -> Vec<(&'static str, Vec<u8>)> {
    let npy = read::npy::encode(&[3], &[0.0, 1.0, 1.0]);
    let file = File::new("d.npz", "");
    write::archive(&file.path, &[("X", &[2, 2], &[1.0, 2.0, 3.0, 4.0]), ("y", &[2], &[0.0, 1.0])]).unwrap();
    let idx: Vec<u8> = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 255];
    vec![
        ("d.csv", b"a,\"b\",y\r\n1,2.5,0\r\n\r\n-3e1,\"4\",1\r\n".to_vec()),
        ("d.svm", b"+1 1:2 3:4.5 # c\n-1 2:7e-3\n".to_vec()),
        ("d.npz", std::fs::read(&file.path).unwrap()),
        ("d-images-idx3-ubyte", idx.clone()),
        ("v.npy", npy),
        ("v.txt", b"0\n1 # c\n\n1\n".to_vec()),
        ("d-images-idx3-ubyte.gz", gzip(&idx)),
        ("i.npy", header("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", &[0; 24])),
    ]
}

/// How many kinds of files [`valid`] knows.
const KINDS: usize = 8;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A `.npy` file of version 1.0 with this dictionary.
fn header(dictionary: &str, numbers: &[u8]) -> Vec<u8> {
    let length = u16::try_from(dictionary.len() + 1).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &length, dictionary.as_bytes(), b"\n", numbers].concat()
}

/// What numbers in files may look like when nobody means well.
const HOSTILE: [&str; 22] = [
    "1e308",
    "-1e308",
    "1e309",
    "-0",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "4.9e-324",
    "1e-400",
    "99999999999999999999",
    "18446744073709551616",
    "-9223372036854775809",
    "2097152",
    "2097153",
    "4294967296",
    "0x10",
    "1_000",
    "1e",
    "+",
    "٣",
    "",
];

const LABELS: [u8; 10] = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];

/// Feeds the bytes to every reader under this name; accepted data must be finite and not empty.
fn feed(name: &str, bytes: &[u8]) -> std::result::Result<(), TestCaseError> {
    let file = File::new(name, bytes);
    if name.contains("images") {
        file.beside("d-labels-idx1-ubyte", LABELS);
    }
    let begun = Instant::now();
    let sound = |d: Dataset| {
        d.rows() > 0
            && d.rows() == d.target().len()
            && d.features().len() == d.cols()
            && d.design().values().iter().chain(d.target()).all(|v| v.is_finite())
    };
    prop_assert!(read::dataset(&file.path, &Options::default()).map_or(true, sound));
    prop_assert!(read::npy::read(&file.path).map_or(true, |a| a.values().iter().all(|v| v.is_finite())));
    prop_assert!(read::vector(&file.path).map_or(true, |v| !v.is_empty() && v.iter().all(|v| v.is_finite())));
    prop_assert!(read::mask(&file.path, 3).map_or(true, |m| m.len() == 3));
    prop_assert!(read::indices(&file.path, 5).map_or(true, |r| r.rows().iter().all(|&i| i < 5)));
    // Thousands of times what a few hundred bytes take, on a busy machine too.
    prop_assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?} for {} bytes",
        begun.elapsed(),
        bytes.len()
    );
    Ok(())
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn arbitrary(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..KINDS) {
        feed(valid()[kind].0, &bytes)?;
    }

    #[test]
    fn arbitrary_text(text in "[-+0-9.eEnaif,:;\"# \t\r\n\u{feff}é]{0,80}", kind in 0..KINDS) {
        feed(valid()[kind].0, text.as_bytes())?;
    }

    #[test]
    fn arbitrary_after_a_true_start(kind in 0..KINDS, keep in any::<Index>(), tail in prop::collection::vec(any::<u8>(), 0..60)) {
        let (name, bytes) = valid().swap_remove(kind);
        feed(name, &[&bytes[..keep.index(bytes.len() + 1)], &tail].concat())?;
    }

    #[test]
    fn damaged(
        kind in 0..KINDS,
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        keep in any::<Index>(),
        cut in any::<bool>(),
    ) {
        let (name, mut bytes) = valid().swap_remove(kind);
        for (place, byte) in changes {
            let i = place.index(bytes.len());
            bytes[i] = byte;
        }
        if cut {
            bytes.truncate(keep.index(bytes.len() + 1));
        }
        feed(name, &bytes)?;
    }
}

proptest! {
    #![proptest_config(crate::config())]

    /// A well-formed text in which some words have become hostile ones.
    #[test]
    fn hostile_words(
        kind in select(vec![0usize, 1, 5]),
        words in prop::collection::vec((any::<Index>(), select(HOSTILE.to_vec())), 1..4),
    ) {
        let (name, bytes) = valid().swap_remove(kind);
        let text = String::from_utf8(bytes).unwrap();
        // Separators stay: only what stands between them changes.
        let mut pieces: Vec<String> = Vec::new();
        for c in text.chars() {
            let word = c.is_ascii_alphanumeric() || "+-.".contains(c);
            match pieces.last_mut().filter(|p| word && p.ends_with(|l: char| l.is_ascii_alphanumeric() || "+-.".contains(l))) {
                Some(piece) => piece.push(c),
                None => pieces.push(c.to_string()),
            }
        }
        for (place, word) in words {
            let i = place.index(pieces.len());
            pieces[i] = word.to_owned();
        }
        feed(name, pieces.concat().as_bytes())?;
    }

    /// Headers that promise anything about few numbers.
    #[test]
    fn hostile_npy_headers(
        descr in select(vec!["<f8", ">f4", "<i8", "|u1", "|b1", "<f2", "<c16", "|O", "<U7", "f8", "<f999999999999"]),
        order in select(vec!["True", "False", "None", "1"]),
        shape in prop::collection::vec(select(HOSTILE.to_vec()), 0..4),
        numbers in prop::collection::vec(any::<u8>(), 0..40),
        comma in any::<bool>(),
    ) {
        let shape = shape.join(", ") + if comma { "," } else { "" };
        let text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}");
        feed("v.npy", &header(&text, &numbers))?;
    }

    #[test]
    fn hostile_idx_headers(
        kind in select(vec![0x08_u8, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, 0x0a, 0xff]),
        sizes in prop::collection::vec(select(vec![0_u32, 1, 2, 3, 0xffff, 1 << 28, u32::MAX]), 0..6),
        claimed in prop::option::of(any::<u8>()),
        numbers in prop::collection::vec(any::<u8>(), 0..40),
        zipped in any::<bool>(),
    ) {
        let mut bytes = vec![0, 0, kind, claimed.unwrap_or(sizes.len() as u8)];
        sizes.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes.extend(numbers);
        feed(if zipped { "d-images-idx3-ubyte.gz" } else { "d-images-idx3-ubyte" }, &if zipped { gzip(&bytes) } else { bytes })?;
    }

    /// What is inside the compressed files is hostile, not the compression.
    #[test]
    fn hostile_arrays_in_archives(
        shape in prop::collection::vec(select(vec![0_usize, 1, 2, 3, 1 << 31, usize::MAX]), 0..4),
        numbers in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let list: String = shape.iter().map(|n| format!("{n},")).collect();
        let x = header(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({list}), }}"), &numbers);
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for name in ["X.npy", "y.npy"] {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&x).unwrap();
        }
        feed("d.npz", &archive.finish().unwrap().into_inner())?;
    }
}

#[test]
fn the_undamaged_files_are_accepted() {
    assert_eq!(valid().len(), KINDS);
    for (name, bytes) in valid() {
        let file = File::new(name, &bytes);
        file.beside("d-labels-idx1-ubyte", LABELS);
        if name.starts_with('d') {
            assert_eq!(read::dataset(&file.path, &Options::default()).unwrap().rows(), 2, "{name}");
        } else if name == "i.npy" {
            assert!(read::indices(&file.path, 5).is_err(), "0 three times");
            assert_eq!(read::mask(&file.path, 3).unwrap(), [false; 3]);
        } else {
            assert_eq!(read::mask(&file.path, 3).unwrap(), [false, true, true], "{name}");
        }
    }
}
